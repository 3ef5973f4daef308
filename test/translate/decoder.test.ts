// The decoder against iced-x86: every opcode with many prefixes and modrm bytes, and the code of real programs; then its own corners.
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, indexRows, type Insn, type MemOperand } from '../../src/translate/x86/index.ts';
import { row } from '../../src/translate/x86/row.ts';
import { everyEncoding } from './encodings.ts';
import { textSections } from './elf-text.ts';
import { compare, type Counts } from './iced.ts';

test('every opcode, with prefixes and forms of modrm, is what iced says', () => {
  const counts: Counts = { instructions: 0, outside: 0, bytesOfNothing: 0 };
  const wrong: string[] = [];
  for (const code of everyEncoding()) wrong.push(...compare(code, 0x40_0000, counts, 1, true));
  console.log(`${counts.instructions} instructions, ${counts.outside} beyond x86-64-v2, ${counts.bytesOfNothing} nothing`);
  assert.is(wrong.slice(0, 30).join('\n'), '');
  assert.ok(counts.instructions > 300_000);
});

/** A Python interpreter or its library: whatever of it the host has. */
const python = ['/usr/lib/x86_64-linux-gnu', '/usr/local/lib', '/usr/bin', '/usr/local/bin'].filter((d) => existsSync(d))
  .flatMap((d) => readdirSync(d).filter((f) => /^(libpython3\.\d+\.so|python3\.\d+$)/.test(f)).map((f) => `${d}/${f}`));
const programs = ['/bin/busybox', '/bin/bash', '/lib/x86_64-linux-gnu/libc.so.6', '/lib/x86_64-linux-gnu/libm.so.6', ...python.slice(0, 1)].filter((f) => existsSync(f));

/** At most so many bytes of a section, to keep the test short. */
const SECTION_BYTES = 700_000;

for (const program of programs) {
  test(`length and operands of the instructions of ${program}`, () => {
    const counts: Counts = { instructions: 0, outside: 0, bytesOfNothing: 0 };
    const wrong = textSections(program).flatMap(({ address, code }) => compare(code.subarray(0, SECTION_BYTES), address, counts));
    console.log(`${program}: ${counts.instructions} instructions`);
    assert.is(wrong.join('\n'), '');
    assert.ok(counts.instructions > 50, 'the program has code');
  });
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.split(' ').map((x) => parseInt(x, 16)));
const decoded = (hex: string): Insn => {
  const code = bytes(hex);
  const insn = decode(code, 0, code.length, 0x40_0000);
  assert.ok(insn.row, `${hex} decodes`);
  return insn;
};

test('bytes that end inside an instruction are told from bytes that are none', () => {
  const whole = bytes('66 48 0f ba a4 8b 78 56 34 12 07');
  for (let n = 0; n < whole.length; n++) {
    const short = decode(whole.subarray(0, n), 0, n, 0);
    assert.is(short.row, undefined);
    assert.is(short.row === undefined && short.reason, 'truncated', `${n} bytes`);
    assert.ok(short.length > n);
  }
  assert.is(decode(whole, 0, whole.length, 0).length, whole.length);
});

test('what lies behind the limit is not read', () => {
  const code = new Uint8Array(64).fill(0x90);
  code.set(bytes('e9 01 02 03 04'), 10);
  const short = decode(code, 10, 13, 0);
  assert.is(short.row === undefined && short.reason, 'truncated');
});

test('fifteen bytes are an instruction, sixteen are not', () => {
  const nop = (prefixes: number) => Uint8Array.from([...Array.from({ length: prefixes }, () => 0x2e), 0x90]);
  assert.is(decode(nop(14), 0, 15, 0).length, 15);
  const long = decode(nop(15), 0, 16, 0);
  assert.is(long.row === undefined && long.reason, 'long');
});

test('instructions of later processors are none', () => {
  for (const hex of ['c5 f8 77', 'c4 e2 79 18 c0', '62 f1 7c 48 58 c0', 'f3 0f ae c0', '0f 01 d0', 'f3 0f c7 f8', '0f c7 f0', '66 0f 38 dc c1', '0f 38 f0 00', '8f e8 78 c0 c0 00', '0f 0f c0 0d', '0f 34', '06', '9a']) {
    const code = bytes(`${hex} 00 00 00 00 00 00 00 00`);
    assert.is(decode(code, 0, code.length, 0).row, undefined, hex);
  }
});

test('a rip-relative address counts from the end, after the immediate', () => {
  const [memory] = decoded('48 81 05 10 00 00 00 78 56 34 12').operands;
  assert.equal(memory as unknown, { kind: 'mem', size: 8, base: -1, index: -1, scale: 1, disp: 0x40_0000 + 11 + 0x10, segment: undefined, addressSize: 8 });
});

test('LOCK only where it is allowed, and only on memory', () => {
  assert.ok(decoded('f0 01 00').lock);
  for (const hex of ['f0 01 c0', 'f0 89 00', 'f0 39 00', 'f0 90', 'f0 0f a3 00']) assert.is(decode(bytes(hex), 0, bytes(hex).length, 0).row, undefined, hex);
});

test('pop to memory with base rsp sees rsp after the pop', () => {
  const [memory] = decoded('8f 44 24 10').operands;
  assert.is((memory as MemOperand).disp, 0x18);
});

test('two rows that claim the same bytes are refused, naming both', () => {
  const nothing = () => {};
  assert.throws(() => indexRows([row('one', '0f 01 /2', 'M', nothing), row('two', '0f 01 /2', 'Ew', nothing), row('three', '0f 01 /2', 'M', nothing)]), /one.*three|three.*one/);
  assert.throws(() => indexRows([row('wide', 'REX.W 98', '', nothing), row('short', '66 98', '', nothing)]), /"wide".*"short"|"short".*"wide"/);
  assert.throws(() => indexRows([row('plain', '98', '', nothing), row('modrm', '98 /r', 'Ev', nothing)]), /plain.*modrm/);
  indexRows([row('any', '98', '', nothing), row('wide', 'REX.W 98', '', nothing)]);
});

test('decoding takes well under a microsecond', () => {
  const code = textSections(programs[0]!).sort((x, y) => y.code.length - x.code.length)[0]!.code.subarray(0, 400_000);
  const round = (): number => {
    const started = performance.now();
    let count = 0;
    for (let at = 0; at < code.length; count++) at += Math.max(1, decode(code, at, code.length, at).length);
    return (performance.now() - started) * 1e6 / count;
  };
  const best = Math.min(round(), round(), round(), round());
  console.log(`${best.toFixed(0)} ns an instruction`);
  assert.ok(best < 2000);
});

test.run();
