// Programs of the terminal, driven by keys through a pty inside the container: one row each.
import { readFileSync } from 'node:fs';
import { type Program, testPrograms } from './run.ts';

const driver = readFileSync('test/programs-image/keys.py', 'utf8');
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The command on a pty with these steps; then what the shell says. */
const keys = (name: string, { before = '', command, steps, after = '', output }: { before?: string; command: string; steps: readonly string[]; after?: string; output: string }): Program => ({
  name, seconds: 120, output,
  script: `cat > keys.py <<'END'\n${driver}END\nexport LANG=C.UTF-8; ${before}\npython3 keys.py ${[command, ...steps].map(quote).join(' ')}\n${after}`,
});

testPrograms([
  keys('bash: line editing, job control', {
    command: "PS1='$ ' bash --norc --noprofile", steps: ['=$ ', 'echo onx\\x7fe\\r', '=one', 'cho two\\x01e\\r', '=two', '\\x1b[A\\r', '=two', '(echo g"o"; exec sleep 100)\\r', '=go', '@', '\\x1a', '=Stopped', 'bg\\r', '=[1]', 'fg\\r', '=sleep 100', '@', '\\x03', '=$ ', 'echo $?\\r', '=130', 'stty size\\r', '=24 80', 'exit 5\\r', '!'],
    output: 'ended 5\n',
  }),
  keys('less', { before: 'seq 1000 > n', command: 'less n', steps: ['=23', ' ', '=46', 'G', '=1000', '/77[05]\\r', '=Pattern not found', '\\r', 'g', '=23', '/77[05]\\r', '=770', 'q', '!'], output: 'ended 0\n' }),
  keys('vim', {
    before: "printf 'one\\ntwo\\nthree\\n' > f", command: 'vim.tiny f', steps: ['=three', 'ihello \\x1b', '=hello', 'jdd', 'yyp', ':%s/e/E/g\\r', '=E', ':wq\\r', '!'], after: 'cat f', output: 'ended 0\nhEllo onE\nthrEE\nthrEE\n',
  }),
  keys('tmux', {
    command: 'tmux -f /dev/null new -s s "PS1=\'$ \' bash --norc"', steps: ['=$ ', 'echo a$((1+1))\\r', '=a2', '\\x02%', '=$ ', 'echo b$((3+3))\\r', '=b6', '\\x02d', '=detached', '!'],
    after: 'tmux list-panes -t s | wc -l; tmux send-keys -t s "echo out > o" Enter; for i in $(seq 50); do [ -s o ] && break; sleep 0.1; done; cat o; tmux kill-server; echo killed', output: 'ended 0\n2\nout\nkilled\n',
  }),
  keys('top', { command: 'top -d 1', steps: ['=load average', '=PID', 'q', '!'], output: 'ended 0\n' }),
]);
