// Programs on terminals as a user meets them: run -it, attach, start -ai, exec -it, left with keys and found again, and the user's own terminal, which is given back on every way out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TerminalSession } from './terminal-session.ts';

const root = mkdtempSync(join(tmpdir(), 'wherry-terminals-'));
const env = { ...process.env, WHERRY_ROOT: root };
const test = suite('terminals');

const command = [process.execPath, 'bin/wherry.mjs'];
const wherry = (...args: string[]): { code: number | null; out: string; err: string } => {
  const { status, stdout, stderr } = spawnSync(command[0]!, [command[1]!, ...args], { env, encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
};
const out = (...args: string[]): string => {
  const { code, out: text, err } = wherry(...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return text;
};
const onTerminal = (...args: string[]): TerminalSession => new TerminalSession([...command, ...args], env);
const state = (name: string): string => out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', name).trim();
const prompt = /[#$] (\x1b\[6n)?$/;
/** What is typed to wait for a size. */
const untilSize = (size: string): string => `while [ "$(stty size)" != "${size}" ]; do sleep 0.1; done; echo re""sized\r`;
const LEAVE = '\x10\x11';

test.before(() => { assert.is(wherry('load', '-q', '-i', 'images/busybox.tar').code, 0); });
test.after(() => {
  for (const id of wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) wherry('rm', '-f', id);
  rmSync(root, { recursive: true });
});

test('run -it: keys go to the program as they are, the exit code is its', async () => {
  const shell = onTerminal('run', '--rm', '-it', 'busybox', 'sh');
  await shell.see(prompt);
  assert.not(await shell.hasItsModes());
  shell.type('sh -c "echo on; sleep 1000"\r');
  await shell.see(/\r\non\r\n/);
  shell.type('\x03');
  await shell.see(prompt);
  shell.type('echo "code $?"; tty; stty size; echo $TERM\r');
  await shell.see(/code 130\r\n\/dev\/pts\/0\r\n24 80\r\nxterm\r\n/);
  await shell.resize(40, 100);
  shell.type(untilSize('40 100'));
  await shell.see(/resized\r\n/);
  shell.type('exit 7\r');
  const { code, restored } = await shell.ended();
  assert.is(code, 7);
  assert.ok(restored);
});

test('left with keys, found again by attach and start -ai; several at once', async () => {
  const first = onTerminal('run', '-it', '--name', 'left', 'busybox', 'sh');
  await first.see(prompt);
  first.type('x=here\r');
  await first.see(prompt);
  first.type(LEAVE);
  assert.equal({ ...await first.ended(), text: '' }, { code: 0, text: '', restored: true });
  assert.is(state('left'), 'running 0');
  const second = onTerminal('attach', 'left');
  const third = onTerminal('attach', '--detach-keys', 'ctrl-x,x', 'left');
  await second.see(/# /);
  await third.see(/# /);
  second.type('echo $x\r');
  await second.see(/\r\nhere\r\n/);
  await third.see(/\r\nhere\r\n/);
  second.type(`echo ${LEAVE}`);
  const left = await second.ended();
  assert.is(left.code, 1);
  assert.match(left.text, /read escape sequence\r\n$/);
  third.type('\x15\x18x');
  assert.is((await third.ended()).code, 1);
  const fourth = onTerminal('start', '-ai', 'left');
  await fourth.see(/# /);
  fourth.type('\x15exit 4\r');
  assert.is((await fourth.ended()).code, 4);
  assert.is(state('left'), 'exited 4');
  const fifth = onTerminal('start', '-ai', 'left');
  await fifth.see(prompt);
  fifth.type(LEAVE);
  assert.is((await fifth.ended()).code, 0);
  assert.is(state('left'), 'running 0');
  out('rm', '-f', 'left');
});

test('exec -it: a terminal of its own, size, interrupts, keys that leave', async () => {
  out('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000000');
  const shell = onTerminal('exec', '-it', '-e', 'A=b', '-w', '/tmp', 'host', 'sh');
  await shell.see(prompt);
  shell.type('tty; stty size; pwd; echo $A $TERM\r');
  await shell.see(/\/dev\/pts\/0\r\n24 80\r\n\/tmp\r\nb xterm\r\n/);
  await shell.resize(50, 132);
  shell.type(untilSize('50 132'));
  await shell.see(/resized\r\n/);
  shell.type('sh -c "echo on; sleep 1000"\r');
  await shell.see(/\r\non\r\n/);
  shell.type('\x03');
  await shell.see(prompt);
  shell.type('exit 9\r');
  const { code, restored } = await shell.ended();
  assert.is(code, 9);
  assert.ok(restored);
  const other = onTerminal('exec', '-it', 'host', 'cat');
  await other.awaitModes(false);
  other.type('shown\r');
  await other.see(/shown\r\nshown\r\n/);
  other.type(LEAVE);
  const left = await other.ended();
  assert.is(left.code, 1);
  assert.match(left.text, /read escape sequence\r\n$/);
  assert.ok(left.restored);
  writeFileSync(join(root, 'config.json'), '{"detachKeys": "ctrl-x,q"}');
  const configured = new TerminalSession([...command, 'exec', '-it', 'host', 'cat'], { ...env, DOCKER_CONFIG: root });
  await configured.awaitModes(false);
  configured.type(`${LEAVE}\r`);
  await configured.see(/\^P\r\n/);
  configured.type('\x18q');
  assert.is((await configured.ended()).code, 1);
});

test('nothing of a long paste is lost, and a slow screen holds up the program', async () => {
  const pasted = onTerminal('exec', '-it', 'host', 'sh', '-c', 'stty raw -echo; echo ready; sleep 1; head -c 100000 | wc -c; stty sane; exit 2');
  await pasted.see(/ready/);
  pasted.type('x'.repeat(100_000));
  await pasted.see(/100000\r?\n/);
  assert.is((await pasted.ended()).code, 2);
  const shown = onTerminal('run', '--rm', '-it', 'busybox', 'sh', '-c', 'seq 1 20000');
  await shown.see(/\r\n19999\r\n20000\r\n/);
  assert.is((await shown.ended()).text.length, Array.from({ length: 20_000 }, (_, i) => `${i + 1}\r\n`).join('').length);
});

test('the terminal is given back on every way out', async () => {
  for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129], ['SIGQUIT', 131]] as const) {
    const shell = onTerminal('exec', '-it', 'host', 'sh');
    await shell.see(prompt);
    assert.not(await shell.hasItsModes());
    process.kill(await shell.pid(), signal);
    const ended = await shell.ended();
    assert.is(ended.code, code, signal);
    assert.ok(ended.restored, signal);
  }
  const victim = onTerminal('run', '-it', '--name', 'victim', 'busybox', 'sh');
  await victim.see(prompt);
  process.kill(Number(out('inspect', '-f', '{{.State.Pid}}', 'victim')), 'SIGKILL');
  const ended = await victim.ended();
  assert.is(ended.code, 137);
  assert.ok(ended.restored);
  assert.is(state('victim'), 'exited 137');
  const failing = await onTerminal('run', '-it', 'busybox', '/nosuch').ended();
  assert.is(failing.code, 127);
  assert.ok(failing.restored);
});

test('stopped and continued: the terminal is the user\'s meanwhile', async () => {
  const shell = onTerminal('exec', '-it', 'host', 'sh');
  await shell.see(prompt);
  process.kill(await shell.pid(), 'SIGTSTP');
  await shell.awaitModes(true);
  process.kill(await shell.pid(), 'SIGCONT');
  await shell.awaitModes(false);
  shell.type('echo go""ing on; exit 3\r');
  await shell.see(/\r\ngoing on\r\n/);
  const { code, restored } = await shell.ended();
  assert.is(code, 3);
  assert.ok(restored);
});

test('signals to run -it are for the program; of a terminal that is closed both hear', async () => {
  const script = 'trap "echo caught TERM" TERM; trap "echo HUP > /hup; exit 8" HUP; echo up; while :; do sleep 0.05; done';
  const first = onTerminal('run', '-it', '--name', 'deaf', 'busybox', 'sh', '-c', script);
  await first.see(/up\r\n/);
  process.kill(await first.pid(), 'SIGTERM');
  await first.see(/caught TERM\r\n/);
  process.kill(await first.pid(), 'SIGHUP');
  const ended = await first.ended();
  assert.is(ended.code, 129);
  assert.ok(ended.restored);
  assert.is(out('wait', 'deaf'), '8\n');
  const second = onTerminal('run', '-it', '--name', 'closed', 'busybox', 'sh', '-c', 'trap "" HUP; echo up; while :; do sleep 0.05; done');
  await second.see(/up\r\n/);
  second.hangUp();
  assert.is(state('closed'), 'running 0');
  out('rm', '-f', 'closed');
});

test.run();
