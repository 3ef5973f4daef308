// The terminal in raw mode, given back on every way out: the end, an error, a signal, and while the process is stopped.
import { spawnSync } from 'node:child_process';

/** Signals that end the process. */
const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** Node's raw mode leaves the translation of NL to CR NL on, which moves the cursor of full-screen programs; setRawMode(false) undoes this too. */
function leaveOutputAlone(): void { spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] }); }

/** Begins raw mode; the returned function ends it. `continued`: the process was stopped, and goes on. `signals`: those that end the process are nobody else's business. */
export function rawTerminal(continued: () => void, { signals }: { readonly signals: boolean }): () => void {
  const { stdin } = process;
  const begin = (): void => {
    stdin.setRawMode(true);
    leaveOutputAlone();
  };
  const end = (): void => { if (stdin.isRaw) stdin.setRawMode(false); };
  const listeners = {
    exit: end,
    SIGTSTP: () => {
      end();
      process.kill(process.pid, 'SIGSTOP');
    },
    SIGCONT: () => {
      begin();
      continued();
    },
    ...Object.fromEntries((signals ? deadly : []).map((name) => [name, () => {
      undo();
      process.kill(process.pid, name);
    }])),
  };
  const undo = (): void => {
    end();
    for (const [name, listener] of Object.entries(listeners)) process.off(name, listener);
  };
  for (const [name, listener] of Object.entries(listeners)) process.on(name, listener);
  begin();
  return undo;
}
