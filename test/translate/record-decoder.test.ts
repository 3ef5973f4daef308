// The two decoders against each other: records that the hub's decoder writes, and those made from x86/decoder.ts.
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GuestMemory, RECORDS_BASE } from '../../src/guest/index.ts';
import { compile } from '../../src/translate/wasm/compile.ts';
import { readHub } from '../../src/translate/interp/build.ts';
import { RECORD_SIZE, RecordWriter } from '../../src/translate/interp/record.ts';
import { Vessel } from '../../src/translate/interp/vessel.ts';
import { decode, disassemble, table } from '../../src/translate/x86/index.ts';
import { textSections } from './elf-text.ts';
import { everyEncoding } from './encodings.ts';
import { hub } from './hub.ts';

const vessel = new Vessel(compile(hub()));
const index = readHub(hub(), table)!;
const bytes = new Uint8Array(vessel.memory.buffer);
const view = new DataView(vessel.memory.buffer);
const writer = new RecordWriter(new GuestMemory(vessel.memory));
const CODE = 0x40_0000, THEIRS = RECORDS_BASE + 0x1000, OURS = RECORDS_BASE;

/** Compares the record of the instruction at `pc`; tells whether the hub's decoder made one, undefined where there is no instruction. */
function compare(pc: number, end: number): boolean | undefined {
  const insn = decode(bytes, pc, end, pc);
  const made = vessel.hub.decode(pc, end, THEIRS, 1) & 0xffff;
  if (insn.row === undefined) { assert.is(made, 0, `at ${pc.toString(16)} is nothing`); return undefined; }
  if (made === 0) return false;
  writer.write(OURS, insn, index.handlerOf(insn), index.fixedOf(insn));
  for (let i = 0; i < RECORD_SIZE; i += 4) {
    if (view.getUint32(OURS + i, true) === view.getUint32(THEIRS + i, true)) continue;
    const hex = (at: number) => Buffer.from(bytes.slice(at, at + RECORD_SIZE)).toString('hex');
    assert.is(hex(THEIRS), hex(OURS), `${Buffer.from(bytes.slice(pc, pc + insn.length)).toString('hex')} ${disassemble(insn)}`);
  }
  return true;
}

test('every opcode with prefixes and forms of modrm', () => {
  let made = 0;
  for (const code of everyEncoding()) {
    bytes.set(code, CODE);
    if (compare(CODE, CODE + 64)) made++;
  }
  assert.ok(made > 300_000, `${made} records`);
});

for (const program of ['/bin/busybox', '/bin/bash'].filter((f) => existsSync(f))) {
  test(`the code of ${program}`, () => {
    const { code } = textSections(program).sort((x, y) => y.code.length - x.code.length)[0]!;
    const length = Math.min(code.length, 400_000);
    bytes.set(code.subarray(0, length), CODE);
    let made = 0, rest = 0;
    for (let pc = CODE; pc < CODE + length - 64;) {
      const record = compare(pc, CODE + length);
      if (record) made++;
      if (record === false) rest++;
      pc += Math.max(1, decode(bytes, pc, CODE + length, pc).length);
    }
    assert.ok(rest < made / 100, `${made} records, ${rest} left to the other decoder`);
  });
}

test('a block ends where its first branch does, and at the limit', () => {
  bytes.fill(0x90, CODE, CODE + 100);
  bytes.set([0x75, 0x10], CODE + 5);
  assert.is(vessel.hub.decode(CODE, CODE + 100, THEIRS, 64), 6 | 1 << 16);
  assert.is(vessel.hub.decode(CODE, CODE + 100, THEIRS, 3), 3);
  bytes.set([0x0f, 0x05], CODE + 5);
  assert.is(vessel.hub.decode(CODE, CODE + 100, THEIRS, 64), 6 | 2 << 16);
});

test.run();
