// What may stand next on a command line, and what bash, zsh and fish (those that are installed) make of it.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { archiveOf } from '../oci/archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-completion-'));
const root = join(folder, 'store');
test.after(() => { rmSync(folder, { recursive: true }); });

async function say(words: readonly string[]): Promise<string> {
  let out = '';
  const code = await runLine(words, { env: { WHERRY_ROOT: root }, out: (text) => { out += text; }, err: (text) => { out += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined });
  assert.is(code, 0, out);
  return out;
}

/** Words that are offered, without what they are; the last line. */
async function offered(...words: string[]): Promise<string[]> { return (await say(['__complete', '--', ...words])).trimEnd().split('\n').map((line) => line.split('\t')[0]!); }

test.before(async () => {
  const archive = join(folder, 'image.tar');
  writeFileSync(archive, await archiveOf({ tags: ['shop/web:1', 'busybox:latest'], config: { Cmd: ['true'] } }));
  await say(['load', '-i', archive]);
  await say(['create', '--name', 'idle', 'busybox']);
});

test('verbs, groups and their words', async () => {
  assert.equal(await offered('ru'), ['run', ':0']);
  assert.ok((await offered('')).includes('container'));
  assert.not((await offered('')).includes('__complete'));
  assert.equal(await offered('image', 'ta'), ['tag', ':0']);
  assert.equal(await offered('nosuch', ''), [':0']);
});

test('flags', async () => {
  assert.equal(await offered('run', '--na'), ['--name', ':0']);
  assert.equal(await offered('container', 'run', '--na'), ['--name', ':0']);
  assert.equal(await offered('--ro'), ['--root', ':0']);
  assert.equal(await offered('run', 'busybox', '--na'), [':0'], 'flags of the command are its own');
  assert.equal(await offered('run', '--', '--na'), [':0']);
  assert.ok((await offered('logs', 'x', '--fo')).includes('--follow'));
});

test('arguments of flags', async () => {
  assert.equal(await offered('run', '--pull', ''), ['always', 'missing', 'never', ':0']);
  assert.equal(await offered('run', '--pull=al'), ['--pull=always', ':0']);
  assert.equal(await offered('load', '-i', ''), [':2']);
  assert.equal(await offered('run', '-it', '--env-file', ''), [':2']);
  assert.equal(await offered('--root', ''), [':2']);
});

test('images, containers in the right state, paths in containers', async () => {
  assert.equal(await offered('run', ''), ['busybox:latest', 'shop/web:1', ':0']);
  assert.equal(await offered('run', '--rm', 'sh'), ['shop/web:1', ':0']);
  assert.equal(await offered('rm', 'other', ''), ['idle', ':0']);
  assert.equal(await offered('start', ''), ['idle', ':0']);
  assert.equal(await offered('stop', ''), [':0']);
  assert.equal(await offered('cp', 'file', 'id'), ['idle:', ':3']);
});

test('volumes and networks', async () => {
  await say(['volume', 'create', 'data']);
  assert.equal(await offered('volume', 'rm', 'da'), ['data', ':0']);
  assert.equal(await offered('run', '-v', ''), ['data:', ':3']);
  assert.equal(await offered('network', 'inspect', ''), ['bridge', 'host', 'none', ':0']);
  assert.equal(await offered('run', '--network', 'h'), ['host', ':0']);
  assert.equal(await offered('volume', 'create', ''), [':0']);
});

test('whatever was said so far, every verb has an answer', async () => {
  for (const { name, hidden } of verbs) if (!hidden) assert.match((await offered(...name.split(' '), '--')).join(' '), /--help.* :\d$/, name);
});

/** A shell runs a script that has loaded our completion; `wherry` is a program that this process's store answers. */
function inShell(shell: string, script: string): string | undefined {
  if (spawnSync(shell, ['-c', 'exit 0']).status !== 0) return undefined;
  const program = join(folder, 'wherry');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/wherry.mjs')}' "$@"\n`);
  chmodSync(program, 0o755);
  const { stdout, stderr, status } = spawnSync(shell, ['-c', script], { encoding: 'utf8', env: { ...process.env, HOME: folder, WHERRY_ROOT: root, PATH: `${folder}:${process.env['PATH']}` } });
  assert.is(status, 0, stderr);
  return stdout.trim();
}

test('bash', () => {
  const lines = ['wherry run --na', 'wherry run shop/web:', 'wherry run --pull=al', 'wherry start ', 'wherry rm -f id'];
  const script = `. <(wherry completion bash); while read -r; do COMP_LINE=$REPLY; COMP_POINT=\${#REPLY}; _wherry; echo "\${COMPREPLY[*]}"; done <<< '${lines.join('\n')}'`;
  const out = inShell('bash', script.replaceAll('while read', 'while IFS= read'));
  if (out !== undefined) assert.equal(out.split('\n'), ['--name', '1', 'always', 'idle', 'idle']);
});

test('zsh', () => {
  const out = inShell('zsh', `. <(wherry completion zsh); _describe() { print -rl -- "\${found[@]}" }; _files() { print files }
words=(wherry run --na); CURRENT=3; _wherry; words=(wherry run shop/); _wherry; words=(wherry load -i ''); CURRENT=4; _wherry`);
  if (out !== undefined) assert.match(out, /^--name:Assign a name to the container\nshop\/web\\:1:[0-9a-f]{12}\nfiles$/);
});

test('fish', () => {
  const out = inShell('fish', `wherry completion fish | source; for line in 'wherry run --na' 'wherry run shop' 'wherry start '; complete -C $line; end`);
  if (out !== undefined) assert.match(out, /^--name\tAssign a name to the container\nshop\/web:1\t[0-9a-f]{12}\nidle\tbusybox \(created\)$/);
});

test.run();
