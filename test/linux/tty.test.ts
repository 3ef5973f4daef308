// Terminals: canonical editing and echo, raw mode with VMIN and VTIME, signals, output processing, window size, pseudo-terminals.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EAGAIN, EIO, cc, iflag, lflag, oflag } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { POLLHUP, POLLIN } from '../../src/vfs/index.ts';
import { Ptys, Tty, TtyFile, decodeTermios, defaultTermios, encodeTermios } from '../../src/linux/tty/index.ts';
import type { Termios } from '../../src/linux/tty/index.ts';
import { anonymousInode } from '../../src/linux/files/index.ts';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const thrown = (run: () => unknown): unknown => { try { run(); } catch (error) { return error; } return undefined; };

function terminal() {
  const signals: [number, number][] = [];
  let screen = '';
  let now = 0n;
  const tty = new Tty(0x501, { write: (b) => { screen += latin1(b); } }, { monotonicNs: () => now, signalGroup: (group, signal) => signals.push([group, signal]) });
  tty.foreground = 7;
  return {
    tty, signals,
    type: (text: string) => tty.receive(bytes(text)),
    screen: () => { const s = screen; screen = ''; return s; },
    line: (size = 100) => { const into = new Uint8Array(size); const n = tty.read(into, true); return latin1(into.subarray(0, n as number)); },
    pass: (ns: bigint) => { now += ns; },
    set: (change: (t: Termios) => void) => { const t = defaultTermios(); change(t); tty.configure(t); },
  };
}

test('a line is readable when it is complete, and echoed with CR NL', () => {
  const t = terminal();
  t.type('ab');
  assert.is(thrown(() => t.line()), EAGAIN);
  assert.is(t.tty.poll() & POLLIN, 0);
  t.type('c\rnext');
  assert.is(t.tty.poll() & POLLIN, POLLIN);
  assert.is(t.line(2), 'ab');
  assert.is(t.line(), 'c\n');
  assert.is(t.screen(), 'abc\r\nnext');
});

test('erase, word erase and kill edit the line and the screen', () => {
  const t = terminal();
  t.type('ab\x7fc\n');
  assert.is(t.line(), 'ac\n');
  assert.is(t.screen(), 'ab\b \bc\r\n');
  t.type('foo bar\x17x\n');
  assert.is(t.line(), 'foo x\n');
  t.screen();
  t.type('junk\x15ok\n');
  assert.is(t.line(), 'ok\n');
  assert.is(t.screen(), `junk${'\b \b'.repeat(4)}ok\r\n`);
  t.type('\x7f\n');
  assert.is(t.screen(), '\r\n', 'nothing to erase, nothing echoed');
});

test('erase takes a whole UTF-8 character with IUTF8, and both cells of ^X', () => {
  const t = terminal();
  t.set((s) => { s.iflag |= iflag.IUTF8; });
  t.type('a\xc3\xa9\x7f\n');
  assert.is(t.line(), 'a\n');
  t.screen();
  t.type('\x01\x7f\n');
  assert.is(t.screen(), '^A\b \b\b \b\r\n');
});

test('erasing a tab goes back to where it began', () => {
  const t = terminal();
  t.type('abc\t\x7f');
  assert.is(t.screen(), `abc\t${'\b'.repeat(5)}`);
});

test('^D ends a line without a byte, and an empty one is the end of file', () => {
  const t = terminal();
  t.type('ab\x04\x04');
  assert.is(t.line(), 'ab');
  assert.is(t.line(), '');
  assert.is(t.screen(), 'ab');
});

test('^V takes the next character as it is', () => {
  const t = terminal();
  t.type('\x16\x03\n');
  assert.is(t.line(), '\x03\n');
  assert.equal(t.signals, []);
  assert.is(t.screen(), '^\b^C\r\n');
});

test('signal characters signal the foreground group, echo, and flush the line', () => {
  const t = terminal();
  t.type('abc\x03\x1c\x1a');
  assert.equal(t.signals, [[7, 2], [7, 3], [7, 20]]);
  assert.is(t.screen(), 'abc^C^\\^Z');
  t.type('\n');
  assert.is(t.line(), '\n');
  t.set((s) => { s.lflag &= ~lflag.ISIG; });
  t.type('\x03\n');
  assert.is(t.line(), '\x03\n');
});

test('echo off shows nothing, ECHONL shows the newline', () => {
  const t = terminal();
  t.set((s) => { s.lflag &= ~lflag.ECHO; });
  t.type('secret\n');
  assert.is(t.screen(), '');
  t.set((s) => { s.lflag &= ~lflag.ECHO; s.lflag |= lflag.ECHONL; });
  t.type('secret\n');
  assert.is(t.screen(), '\r\n');
});

test('a full line takes its end and nothing else', () => {
  const t = terminal();
  t.type('x'.repeat(5000));
  t.type('\n');
  const line = t.line(8000);
  assert.is(line.length, 4096);
  assert.ok(line.endsWith('x\n'));
});

test('raw mode: VMIN bytes at least, what was half typed is kept, CR stays', () => {
  const t = terminal();
  t.type('ab');
  t.set((s) => { s.lflag &= ~(lflag.ICANON | lflag.ECHO); s.iflag &= ~iflag.ICRNL; s.cc[cc.VMIN] = 4; });
  assert.ok(t.tty.read(new Uint8Array(10), false) instanceof Wait);
  assert.is(t.tty.poll() & POLLIN, 0);
  t.type('\rd');
  assert.is(t.tty.poll() & POLLIN, POLLIN);
  assert.is(t.line(), 'ab\rd');
});

test('raw mode: VMIN 0 returns at once, VTIME waits so long', () => {
  const t = terminal();
  t.set((s) => { s.lflag &= ~lflag.ICANON; s.cc[cc.VMIN] = 0; });
  assert.is(t.tty.read(new Uint8Array(1), false), 0);
  t.set((s) => { s.lflag &= ~lflag.ICANON; s.cc[cc.VMIN] = 0; s.cc[cc.VTIME] = 5; });
  t.tty.beginRead();
  const wait = t.tty.read(new Uint8Array(1), false) as Wait;
  assert.is(wait.deadlineNs, 500_000_000n);
  t.pass(500_000_000n);
  assert.is(t.tty.read(new Uint8Array(1), false), 0);
});

test('output: NL becomes CR NL with OPOST, not without; tabs expand with XTABS', () => {
  const t = terminal();
  t.tty.write(bytes('a\nb'), false);
  assert.is(t.screen(), 'a\r\nb');
  t.set((s) => { s.oflag = 0; });
  t.tty.write(bytes('a\nb'), false);
  assert.is(t.screen(), 'a\nb');
  t.set((s) => { s.oflag |= oflag.XTABS; });
  t.tty.write(bytes('\rab\tc'), false);
  assert.is(t.screen(), '\rab      c');
});

test('^S holds output, ^Q lets it go', () => {
  const t = terminal();
  t.type('\x13');
  assert.is(thrown(() => t.tty.write(bytes('x'), true)), EAGAIN);
  t.type('\x11');
  assert.is(t.tty.write(bytes('x'), true), 1);
});

test('a new window size is SIGWINCH, the same one is not', () => {
  const t = terminal();
  const size = { rows: 24, columns: 80, xpixel: 0, ypixel: 0 };
  t.tty.resize(size);
  t.tty.resize({ ...size });
  assert.equal(t.signals, [[7, 28]]);
});

test('termios goes to 36 bytes and back', () => {
  const termios = defaultTermios();
  const coded = encodeTermios(termios);
  assert.is(coded.length, 36);
  assert.equal([...coded.subarray(0, 4)], [0, 5, 0, 0]);
  assert.equal([...coded.subarray(12, 16)], [0x3b, 0x8a, 0, 0]);
  assert.equal(decodeTermios(coded, termios), termios);
});

test('a pty: what the master writes is typed, what the slave writes is read; ends that close', () => {
  const signals: number[] = [];
  const ptys = new Ptys({ monotonicNs: () => 0n, signalGroup: (_group, signal) => signals.push(signal) });
  ptys.first = 1;
  const master = ptys.open(anonymousInode('pipe'), { uid: 5, gid: 5 });
  assert.is(master.pty.index, 1);
  const slave = new TtyFile(master.pty.tty, anonymousInode('pipe'));
  master.write(bytes('hi\r'), 0, true);
  const into = new Uint8Array(20);
  assert.is(latin1(into.subarray(0, slave.read(into, 0, true) as number)), 'hi\n');
  slave.write(bytes('out\n'), 0, true);
  assert.is(latin1(into.subarray(0, master.read(into, 0, true) as number)), 'hi\r\nout\r\n');
  slave.close();
  assert.is(master.poll() & POLLHUP, POLLHUP);
  assert.is(thrown(() => master.read(into, 0, true)), EIO);
  const again = new TtyFile(master.pty.tty, anonymousInode('pipe'));
  master.pty.tty.foreground = 9;
  master.close();
  assert.equal(signals, [1, 18]);
  assert.is(again.read(into, 0, false), 0);
  assert.is(thrown(() => again.write(bytes('x'), 0, false)), EIO);
  assert.is(ptys.get(1), undefined);
});

test('a full pty master makes the slave wait', () => {
  const ptys = new Ptys({ monotonicNs: () => 0n, signalGroup: () => {} });
  const master = ptys.open(anonymousInode('pipe'), { uid: 0, gid: 0 });
  const slave = new TtyFile(master.pty.tty, anonymousInode('pipe'));
  const written = slave.write(new Uint8Array(20_000).fill(65), 0, true) as number;
  assert.ok(written > 8000 && written < 9000);
  assert.ok(slave.write(bytes('x'), 0, false) instanceof Wait);
  master.read(new Uint8Array(100), 0, true);
  assert.is(slave.write(bytes('x'), 0, true), 1);
});

test.run();
