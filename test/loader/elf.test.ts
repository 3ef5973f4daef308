// ELF files and scripts: what is taken, and a one-line reason for what is not.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BadProgram, interpreterOf, readElf, scriptArguments } from '../../src/loader/index.ts';
import { elf } from '../machine/elf-builder.ts';
import { PROGRAM } from '../machine/boot.ts';

const read = (bytes: Uint8Array) => readElf((offset, length) => bytes.slice(offset, offset + length), bytes.length);
const reason = (bytes: Uint8Array): string => {
  try { read(bytes); } catch (error) { assert.instance(error, BadProgram); return (error as BadProgram).reason; }
  return 'taken';
};
const changed = (at: number, ...values: number[]): Uint8Array => { const copy = PROGRAM.slice(); copy.set(values, at); return copy; };
const segment = { flags: 5, vaddr: 0x40_0000, bytes: new Uint8Array(100) };

test('a good program', () => {
  const found = read(PROGRAM);
  assert.is(found.relocatable, false);
  assert.is(found.entry, 0x40_1000);
  assert.equal([found.start, found.end], [0x40_1000, 0x40_5000]);
  assert.is(read(elf([segment], 0x10, { type: 3 })).relocatable, true);
});

test('what cannot be run says why', () => {
  assert.is(reason(new Uint8Array(0)), 'not an ELF file');
  assert.is(reason(new TextEncoder().encode('hello world')), 'not an ELF file');
  assert.is(reason(PROGRAM.slice(0, 40)), 'truncated ELF header');
  assert.is(reason(PROGRAM.slice(0, 100)), 'truncated: program headers lie beyond the end of the file');
  assert.is(reason(PROGRAM.slice(0, 0x1800)), 'truncated: a segment lies beyond the end of the file');
  assert.is(reason(changed(18, 183)), 'program for AArch64 (only x86-64 programs run here)');
  assert.is(reason(changed(18, 0x34, 0x12)), 'program for machine 4660 (only x86-64 programs run here)');
  assert.is(reason(changed(4, 1)), '32-bit program (only x86-64 programs run here)');
  assert.is(reason(changed(5, 2)), 'big-endian ELF file');
  assert.is(reason(changed(16, 1)), 'ELF file is not a program');
  assert.is(reason(changed(54, 55)), 'program headers of an unknown size');
  assert.is(reason(changed(56, 0)), 'no program headers');
  assert.is(reason(elf([{ ...segment, type: 4 }], 0)), 'no loadable segment');
  assert.is(reason(elf([{ ...segment, memorySize: 10 }], 0)), 'segment larger in the file than in memory');
  assert.is(reason(elf([{ ...segment, vaddr: 0xffff_f000 }], 0)), 'segment above 4 GiB');
  assert.is(reason(elf([segment, segment], 0)), 'segments overlap or are out of order');
  assert.is(reason(elf([segment, { type: 3, flags: 4, vaddr: 0, bytes: new Uint8Array(1) }], 0)), 'bad PT_INTERP segment');
});

test('no damage to any one byte of the headers makes the reader fail otherwise', () => {
  for (let at = 0; at < 64 + 2 * 56; at++) for (const value of [0, 0xff, 0x80, 1]) {
    try { read(changed(at, value)); } catch (error) { assert.instance(error, BadProgram, `byte ${at}`); }
  }
});

test('#! lines', () => {
  assert.is(interpreterOf('\x7fELF'), undefined);
  assert.equal(interpreterOf('#!/bin/sh\n'), { path: '/bin/sh', argument: undefined });
  assert.equal(interpreterOf('#! /usr/bin/env  -S a b \nrest'), { path: '/usr/bin/env', argument: '-S a b' });
  assert.equal(interpreterOf('#!/bin/sh'), { path: '/bin/sh', argument: undefined });
  assert.is(interpreterOf('#!\n'), 'bad');
  assert.is(interpreterOf('#!   \n'), 'bad');
  assert.is(interpreterOf(`#!/${'a'.repeat(300)}`), 'bad', 'a path that does not fit is not cut');
  assert.equal(scriptArguments({ path: '/bin/awk', argument: '-f' }, './x', ['x', '1']), ['/bin/awk', '-f', './x', '1']);
});

test.run();
