// Translated regions: small pieces of machine code run on given registers.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { levels } from '../../src/guest/index.ts';
import { Bench, CODE, DATA, SLOW } from '../isa/harness.ts';

const bench = new Bench();
const hex = (text: string) => Uint8Array.from(text.split(/\s+/).filter(Boolean).map((b) => parseInt(b, 16)));
const RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4;

for (const level of levels) {
  test(`moves, partial registers and flags (${level})`, () => {
    // mov eax, 0x12345678; mov ah, 0xff; add al, 0x88; setc cl; movzx edx, al
    bench.reset();
    bench.load(hex('b8 78 56 34 12  b4 ff  04 88  0f 92 c1  0f b6 d0'), level);
    assert.is(bench.run(), CODE + 15);
    assert.is(bench.state.gpr(RAX), 0x1234ff00n);
    assert.is(bench.state.gpr(RCX), 1n);
    assert.is(bench.state.gpr(RDX), 0n);
    assert.is(bench.state.rflags & 0x8d5, 0x55);
  });

  test(`a loop with memory (${level})`, () => {
    // xor eax,eax; mov ecx,10; L: mov [rsi+rcx*4], ecx; add eax,[rsi+rcx*4]; dec ecx; jnz L; push rax; pop rdx
    bench.reset();
    bench.load(hex('31 c0  b9 0a 00 00 00  89 0c 8e  03 04 8e  ff c9  75 f6  50  5a'), level);
    bench.state.setGpr(6, BigInt(DATA));
    assert.is(bench.run(), CODE + 19);
    assert.is(bench.state.gpr(RAX), 55n);
    assert.is(bench.state.gpr(RDX), 55n);
    assert.is(bench.memory.view.getUint32(DATA + 40, true), 10);
    assert.is(bench.state.gpr(RSP), BigInt(DATA + 0x2000));
    assert.is(bench.state.rflags & 0x8d5, 0x44);
  });

  test(`the budget stops a loop at its head (${level})`, () => {
    // L: inc eax; jmp L
    bench.reset();
    bench.load(hex('ff c0 eb fc'), level);
    assert.is(bench.run(100), -1);
    assert.is(bench.state.pc, CODE);
    assert.is(bench.state.u32(180), 2);
    assert.is(bench.state.gpr(RAX), 100n);
  });
}

for (const level of ['stores', 'all'] as const) {
  test(`a store without right leaves before it with exact registers (${level})`, () => {
    // mov eax, 7; cmp eax, 9; lea rcx,[rax+1]; mov [rdx], eax; mov ebx, 3
    bench.reset();
    bench.load(hex('b8 07 00 00 00  83 f8 09  48 8d 48 01  89 02  bb 03 00 00 00'), level);
    bench.state.setGpr(RDX, 0x1000n);
    assert.is(bench.run(), SLOW);
    assert.is(bench.state.pc, CODE + 12);
    assert.is(bench.state.gpr(RAX), 7n);
    assert.is(bench.state.gpr(RCX), 8n);
    assert.is(bench.state.gpr(RBX), 0n);
    assert.is(bench.state.rflags & 0x8d5, 0x91);
  });
}

test('a load without right leaves at level all', () => {
  bench.reset();
  bench.load(hex('8b 02'), 'all');
  bench.state.setGpr(RDX, 0x1000n);
  assert.is(bench.run(), SLOW);
  assert.is(bench.state.pc, CODE);
});

test.run();
