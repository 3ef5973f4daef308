// cpuid announces what decodes, and nothing else.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../src/translate/x86/index.ts';
import { cpuid } from '../../src/translate/x86/routines/cpuid.ts';

const decodes = (hex: string): boolean => {
  const code = Uint8Array.from([...hex.split(' ').map((x) => parseInt(x, 16)), 0, 0, 0, 0, 0, 0]);
  return decode(code, 0, code.length, 0).row !== undefined;
};
const text = (...words: number[]): string => String.fromCharCode(...words.flatMap((w) => [w & 255, w >> 8 & 255, w >> 16 & 255, w >>> 24])).replace(/\0+$/, '');
const ECX = 2, EDX = 3;

test('vendor and brand', () => {
  const [, ebx, ecx, edx] = cpuid(0, 0);
  assert.is(text(ebx, edx, ecx), 'GenuineIntel');
  assert.is(text(...[2, 3, 4].flatMap((part) => [...cpuid(0x80000000 + part, 0)])), 'Wherry virtual CPU');
});

/** Leaf, register, bit, an instruction that comes with it. */
const features: [string, number, number, number, string][] = [
  ['SSE3', 1, ECX, 0, 'f2 0f 7c c1'], ['PCLMULQDQ', 1, ECX, 1, '66 0f 3a 44 c1 00'], ['MONITOR', 1, ECX, 3, '0f 01 c8'], ['SSSE3', 1, ECX, 9, '66 0f 38 00 c1'], ['FMA', 1, ECX, 12, 'c4 e2 f1 98 c2'],
  ['CX16', 1, ECX, 13, '48 0f c7 08'], ['SSE4.1', 1, ECX, 19, '66 0f 38 17 c1'], ['SSE4.2', 1, ECX, 20, '66 0f 3a 63 c1 00'], ['MOVBE', 1, ECX, 22, '0f 38 f0 00'], ['POPCNT', 1, ECX, 23, 'f3 0f b8 c1'],
  ['AES', 1, ECX, 25, '66 0f 38 dc c1'], ['XSAVE', 1, ECX, 26, '0f ae 20'], ['OSXSAVE', 1, ECX, 27, '0f 01 d0'], ['AVX', 1, ECX, 28, 'c5 f0 58 c2'], ['F16C', 1, ECX, 29, 'c4 e2 79 13 c1'], ['RDRAND', 1, ECX, 30, '0f c7 f0'],
  ['FPU', 1, EDX, 0, 'd9 e8'], ['TSC', 1, EDX, 4, '0f 31'], ['CX8', 1, EDX, 8, '0f c7 08'], ['SEP', 1, EDX, 11, '0f 34'], ['CMOV', 1, EDX, 15, '0f 44 c1'], ['CLFSH', 1, EDX, 19, '0f ae 38'], ['MMX', 1, EDX, 23, '0f fc c1'],
  ['FXSR', 1, EDX, 24, '0f ae 00'], ['SSE', 1, EDX, 25, '0f 58 c1'], ['SSE2', 1, EDX, 26, '66 0f 58 c1'],
  ['FSGSBASE', 7, 1, 0, 'f3 0f ae c0'], ['BMI1', 7, 1, 3, 'c4 e2 70 f2 c2'], ['ADX', 7, 1, 19, '66 0f 38 f6 c1'], ['SHA', 7, 1, 29, '0f 38 c8 c1'],
  ['LAHF', 0x80000001, ECX, 0, '9f'], ['SSE4A', 0x80000001, ECX, 6, 'f2 0f 79 c1'], ['SYSCALL', 0x80000001, EDX, 11, '0f 05'], ['RDTSCP', 0x80000001, EDX, 27, '0f 01 f9'], ['3DNow', 0x80000001, EDX, 31, '0f 0f c1 9e'],
];

for (const [name, leaf, register, bit, instruction] of features) {
  test(`${name}: announced as far as it decodes`, () => assert.is((cpuid(leaf, 0)[register]! >>> bit & 1) === 1, decodes(instruction)));
}

test('leaves that are not there are zero', () => assert.equal([...cpuid(13, 0)], [0, 0, 0, 0]));

test.run();
