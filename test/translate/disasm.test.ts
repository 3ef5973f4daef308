// The disassembler: text of instructions against objdump's reading of the same bytes, written down here.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, disassemble } from '../../src/translate/x86/index.ts';

const text = (hex: string): string => {
  const code = Uint8Array.from(hex.split(' ').map((x) => parseInt(x, 16)));
  return disassemble(decode(code, 0, code.length, 0x40_1000));
};

const lines: [string, string][] = [
  ['48 89 e5', 'mov rbp, rsp'],
  ['f0 48 0f b1 0d 08 00 00 00', 'lock cmpxchg qword ptr [0x401011], rcx'],
  ['64 48 8b 04 25 28 00 00 00', 'mov rax, qword ptr fs:[0x28]'],
  ['f3 48 ab', 'rep stos qword ptr [rdi], rax'],
  ['f2 ae', 'repne scas al, byte ptr [rdi]'],
  ['66 98', 'cbw'], ['98', 'cwde'], ['48 98', 'cdqe'],
  ['8d 44 8b fc', 'lea eax, [rbx+rcx*4-0x4]'],
  ['48 83 ec 10', 'sub rsp, 0x10'], ['48 83 c4 80', 'add rsp, -0x80'],
  ['40 88 f7', 'mov dil, sil'], ['88 e7', 'mov bh, ah'], ['45 88 f1', 'mov r9b, r14b'],
  ['e8 fb ff ff ff', 'call 0x401000'],
  ['8f 44 24 08', 'pop qword ptr [rsp+0x8]'],
  ['66 0f 6f 44 24 10', 'movdqa xmm0, xmmword ptr [rsp+0x10]'],
  ['de c1', 'faddp st(1), st'],
  ['c5 f8 77', '(bad)'],
];

for (const [hex, expected] of lines) test(hex, () => assert.is(text(hex), expected));

test.run();
