// Programs run beside a container's first one: their environment, user, directory, streams, terminal, and how they end.
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bootContainer, type ContainerConfig, containerConfig, EngineError, execIn, type ExecRequest, Images } from '../../src/engine/index.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import type { Streams, Tty } from '../../src/host/ports.ts';
import type { Machine, MachineExit } from '../../src/machine/index.ts';
import { createCpu } from '../../src/translate/index.ts';

const hub = 'dist/node/hub.wasm';
const cpu = createCpu(existsSync(hub) ? { hub: readFileSync(hub) } : {});
const host = nodeHost();
const images = new Images(memoryFolder(), nodeCodecs, async () => memoryFolder());

interface Running { readonly machine: Machine; readonly config: ContainerConfig; readonly end: Promise<MachineExit>; text(): string }

/** A container whose first program is a shell script. */
async function container(script: string, more: { env?: string[]; user?: string } = {}): Promise<Running> {
  const image = images.store.resolve('busybox') ?? (await load());
  const config = containerConfig(image.config.config ?? {}, { command: ['sh', '-c', script], env: [], hostname: 'box', tty: false, callerEnv: {}, workingDir: '/tmp', ...more });
  const fs = images.openRootFs(image, { now: host.clock.realtimeNs });
  const { streams, text } = collector();
  const machine = bootContainer({ host, cpu, io: { streams } }, config, fs);
  return { machine, config, end: machine.run(), text };
}

async function load(): Promise<NonNullable<ReturnType<Images['store']['resolve']>>> {
  await images.store.load((async function* (): AsyncGenerator<Uint8Array> { yield readFileSync('images/busybox.tar'); })(), 'busybox.tar');
  return images.store.resolve('busybox')!;
}

function collector(input?: string): { streams: Streams; text: () => string } {
  let text = '';
  const take = (bytes: Uint8Array): void => { text += Buffer.from(bytes).toString('latin1'); };
  const stdin = (consumer: (bytes: Uint8Array | null) => void): void => { consumer(Buffer.from(input!)); consumer(null); };
  return { streams: { stdout: take, stderr: take, ...(input === undefined ? {} : { stdin }) }, text: () => text };
}

/** Runs a program beside the first one and gives how it ended and what it wrote. */
async function exec({ machine, config }: Running, request: ExecRequest, input?: string): Promise<{ exit: MachineExit; text: string }> {
  const { streams, text } = collector(input);
  const exit = await execIn(machine, config, request, { streams }).exit;
  return { exit, text: text() };
}

const sh = (script: string, more: Partial<ExecRequest> = {}): ExecRequest => ({ command: ['sh', '-c', script], ...more });
const failureOf = (act: () => unknown): unknown[] => { try { act(); return []; } catch (error) { return [(error as EngineError).message, (error as EngineError).exitCode]; } };
const end = async ({ machine, end: ended }: Running): Promise<void> => { machine.signal(9); await ended; };

test('environment, directory, user', async () => {
  const box = await container('while :; do sleep 1; done', { env: ['A=1', 'C=3'] });
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOSTNAME=box\n';
  assert.equal(await exec(box, { command: ['env'] }), { exit: { code: 0 }, text: `${path}A=1\nC=3\nHOME=/root\n` });
  assert.is((await exec(box, { command: ['env'], env: ['B=2', 'A', 'HOME=/x'] })).text, `${path}C=3\nB=2\nHOME=/x\n`);
  assert.is((await exec(box, { command: ['env'], tty: true })).text, `${path}TERM=xterm\nA=1\nC=3\nHOME=/root\n`);
  assert.is((await exec(box, sh('pwd; cd /; pwd'))).text, '/tmp\n/\n');
  assert.is((await exec(box, { command: ['pwd'], workingDir: '/etc' })).text, '/etc\n');
  assert.is((await exec(box, sh('id -u; id -g; echo $HOME', { user: '1234:5' }))).text, '1234\n5\n/\n');
  await end(box);
});

test('it has no parent, a session of its own, and is forgotten when it ends', async () => {
  const box = await container('while :; do sleep 1; done');
  const { text } = await exec(box, sh('cut -d" " -f4,5,6 /proc/self/stat; read pid rest </proc/self/stat; echo $$; exec cut -d" " -f4 /proc/$$/stat'));
  const [stat, pid, parent] = text.split('\n');
  assert.is(stat, `${pid} ${pid} ${pid}`);
  assert.is(parent, '0');
  assert.equal(await exec(box, sh('exit 7')), { exit: { code: 7 }, text: '' });
  assert.equal(await exec(box, sh('kill -9 $$')), { exit: { signal: 9 }, text: '' });
  assert.not.match((await exec(box, { command: ['ps'] })).text, /exit|kill/);
  assert.is((await exec(box, sh('sleep 100 & echo'))).text, '\n');
  assert.match((await exec(box, sh('for p in /proc/[0-9]*; do cut -d" " -f2,4 $p/stat; done'))).text, /^\(sleep\) 1$/m, 'what it leaves is the first process\'s');
  await end(box);
});

test('input, signals, the end of the container', async () => {
  const box = await container('trap "exit 3" USR1; while :; do sleep 0.05; done');
  assert.is((await exec(box, { command: ['cat'] }, 'typed')).text, 'typed');
  assert.is((await exec(box, { command: ['cat'] })).text, '', 'no input is its end');
  const { streams } = collector();
  const asleep = execIn(box.machine, box.config, { command: ['sleep', '100'] }, { streams });
  asleep.signal(15);
  assert.equal(await asleep.exit, { signal: 15 });
  asleep.signal(15);
  const left = execIn(box.machine, box.config, { command: ['sleep', '100'] }, { streams });
  box.machine.signal(10);
  assert.equal(await box.end, { code: 3 });
  assert.equal(await left.exit, { signal: 9 });
  assert.match(String(failureOf(() => execIn(box.machine, box.config, { command: ['true'] }, { streams }))), /the container has ended/);
});

test('a terminal: its name, size, line discipline, resize, hangup', async () => {
  const box = await container('while :; do sleep 1; done');
  let text = '', size = { rows: 31, columns: 99 };
  let type: (bytes: Uint8Array) => void = () => {}, resized = (): void => {};
  const shown = async (pattern: RegExp): Promise<void> => { while (!pattern.test(text)) await new Promise((done) => { setTimeout(done, 5); }); };
  const tty: Tty = { write: (bytes) => { text += Buffer.from(bytes).toString('latin1'); }, input: (consumer) => { type = consumer; }, size: () => size, onResize: (listener) => { resized = listener; } };
  const shell = execIn(box.machine, box.config, sh('trap "stty size; resized=1" WINCH; tty; stty size; until [ "$resized" ]; do sleep 0.05; done; read x; echo got $x; (trap "" HUP; sleep 100 <&- >&- 2>&-) & (sleep 100) & exit 4', { tty: true }), { tty });
  await shown(/31 99\r\n/);
  size = { rows: 40, columns: 120 };
  resized();
  await shown(/40 120\r\n/);
  type(Buffer.from('abx\x7fc\r'));
  assert.equal(await shell.exit, { code: 4 });
  assert.is(text, '/dev/pts/0\r\n31 99\r\n40 120\r\nabx\b \bc\r\ngot abc\r\n');
  const interrupted = execIn(box.machine, box.config, { command: ['cat'], tty: true }, { tty });
  type(Buffer.from('\x03'));
  assert.equal(await interrupted.exit, { signal: 2 });
  await end(box);
});

test('what cannot be run', async () => {
  const box = await container('while :; do sleep 1; done');
  const { streams } = collector();
  const why = (request: ExecRequest): unknown[] => failureOf(() => execIn(box.machine, box.config, request, { streams }));
  const runtime = (words: string, code: number): unknown[] => [`OCI runtime exec failed: exec failed: ${words}: unknown`, code];
  const start = 'unable to start container process: ';
  assert.equal(why({ command: ['nosuch'] }), runtime(`${start}exec: "nosuch": executable file not found in $PATH`, 127));
  assert.equal(why({ command: ['/nosuch'] }), runtime(`${start}exec: "/nosuch": stat /nosuch: no such file or directory`, 127));
  assert.equal(why({ command: ['/etc/passwd'] }), runtime(`${start}exec: "/etc/passwd": permission denied`, 126));
  assert.equal(why({ command: ['/etc'] }), runtime(`${start}exec: "/etc": permission denied`, 126));
  assert.equal(why({ command: [''] }), runtime(`${start}exec: "": executable file not found in $PATH`, 127));
  assert.equal(why({ command: ['pwd'], workingDir: '/nope' }), runtime(`${start}chdir to cwd ("/nope") set in config.json failed: no such file or directory`, 126));
  assert.equal(why({ command: ['pwd'], workingDir: 'rel' }), runtime('Cwd must be an absolute path', 126));
  assert.equal(why({ command: ['id'], user: 'nope' }), ['unable to find user nope: no matching entries in passwd file', 126]);
  assert.equal(why({ command: ['id'], user: '0:nope' }), ['unable to find group nope: no matching entries in group file', 126]);
  await end(box);
});

test.run();
