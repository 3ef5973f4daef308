// Control flow of translated regions: jump tables, shared tables, loops with two heads, regions entered at several places, checks that stand for several stores.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE_SIZE } from '../../src/guest/index.ts';
import { Bench, CODE, DATA, SLOW } from '../isa/harness.ts';

const bench = new Bench();
const hex = (text: string) => text.split(/\s+/).filter(Boolean).map((b) => parseInt(b, 16));
const i32 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
const RAX = 0, RCX = 1, RDX = 2, RSP = 4, RSI = 6, RDI = 7;

/** Code that runs `switch (rdi)` through a table of 4-byte distances after it: case n adds 10^n to rax and goes back for the next of rcx rounds; rdi counts down. */
function switchLoop(): { code: number[]; table: number } {
  const cases = [1, 10, 100];
  const code: number[] = [];
  const tableAt = 0x100;
  // L: cmp edi, 2; ja end; lea rdx, [rip + table]; movsxd rsi, [rdx + rdi*4]; add rsi, rdx; jmp rsi
  code.push(...hex('83 ff 02 77'), 0, ...hex('48 8d 15'), ...i32(0), ...hex('48 63 34 ba 48 01 d6 ff e6'));
  const ja = 4;
  code.splice(8, 4, ...i32(tableAt - 12));
  const targets: number[] = [];
  for (const n of cases) {
    targets.push(code.length);
    // add rax, n; sub edi, 1; jmp L
    code.push(...hex('48 83 c0'), n, ...hex('83 ef 01 eb'), 0);
    code[code.length - 1] = (0 - code.length) & 255;
  }
  code[ja] = code.length - 5;
  code.push(0xe9, ...i32(0x600 - (code.length + 5)));
  while (code.length < tableAt) code.push(0x90);
  for (const t of targets) code.push(...i32(t - tableAt));
  return { code, table: tableAt };
}

test('a jump table is a br_table', () => {
  const { code } = switchLoop();
  bench.reset();
  bench.load(code, 'stores', { constant: true });
  bench.state.setGpr(RDI, 2n);
  assert.is(bench.run(), CODE + 0x600);
  assert.is(bench.state.gpr(RAX), 111n);
  assert.is(bench.state.gpr(RDI), 0xffff_ffffn);
  assert.ok(bench.listing.includes('br_table'));
});

test('an index beyond the table goes where the guest says', () => {
  const { code } = switchLoop();
  bench.reset();
  // Without the comparison: nop it out.
  for (let i = 0; i < 5; i++) code[i] = 0x90;
  bench.load(code, 'stores', { constant: true });
  bench.memory.view.setInt32(CODE + 0x100 + 4 * 400, 0x300, true);
  bench.state.setGpr(RDI, 400n);
  assert.is(bench.run(), CODE + 0x400);
  assert.is(bench.state.gpr(RAX), 0n);
});

test('a table in writable memory is not trusted', () => {
  const { code } = switchLoop();
  bench.reset();
  bench.load(code, 'stores', { constant: false });
  assert.not.ok(bench.listing.includes('br_table'));
});

test('jumps through one table from several places go through a dispatcher', () => {
  // rsi points to a byte program, r8 to the table of 8-byte addresses: 0 stops, 1 adds 1, 2 doubles. Every handler jumps on by itself.
  const next = hex('0f b6 0e 48 83 c6 01 49 8b 0c c8 ff e1');
  const tableAt = 0x200;
  const head = [...hex('4c 8d 05'), ...i32(tableAt - 7)];
  const stop = [...hex('e9'), ...i32(0)];
  const add = [...hex('48 83 c0 01'), ...next];
  const double = [...hex('48 01 c0'), ...next];
  const code = [...head, ...next];
  const at = { stop: code.length, add: code.length + stop.length, double: code.length + stop.length + add.length };
  code.push(...stop, ...add, ...double);
  code.splice(at.stop + 1, 4, ...i32(0x600 - (at.stop + 5)));
  while (code.length < tableAt) code.push(0x90);
  for (const t of [at.stop, at.add, at.double]) code.push(...i32(CODE + t), 0, 0, 0, 0);
  bench.reset();
  bench.load(code, 'stores', { constant: true });
  bench.memory.bytes.set([1, 2, 2, 1, 2, 0], DATA);
  bench.state.setGpr(RSI, BigInt(DATA));
  assert.is(bench.run(), CODE + 0x600);
  assert.is(bench.state.gpr(RAX), 10n);
  assert.is(bench.listing.split('br_table').length, 2, 'one central br_table');
  // A loop: the budget ends it at a handler.
  bench.memory.bytes.fill(1, DATA, DATA + 0x1000);
  bench.state.setGpr(RSI, BigInt(DATA));
  bench.state.setGpr(RAX, 0n);
  assert.is(bench.run(50), -1);
  assert.is(bench.state.pc, CODE + at.add);
  assert.is(bench.state.gpr(RAX), 50n);
});

test('a shared table whose entries are all elsewhere', () => {
  // Two jumps through one table of addresses outside the region: test edi,edi; jz B; A: jmp [r8+rcx*8]; B: inc eax; jmp [r8+rcx*8]
  const tableAt = 0x80;
  const code = [...hex('4c 8d 05'), ...i32(tableAt - 7), ...hex('85 ff 74 04'), ...hex('41 ff 24 c8'), ...hex('ff c0'), ...hex('41 ff 24 c8')];
  while (code.length < tableAt) code.push(0x90);
  for (const t of [0x700, 0x710, 0x720]) code.push(...i32(CODE + t), 0, 0, 0, 0);
  bench.reset();
  bench.load(code, 'stores', { constant: true }, PAGE_SIZE);
  bench.state.setGpr(RCX, 2n);
  assert.is(bench.run(), CODE + 0x720);
  assert.is(bench.state.gpr(RAX), 1n);
});

test('a loop with two heads', () => {
  // test edi,edi; jz B; A: inc eax; B: add eax, 16; dec ecx; jnz A'; ret-like end. Jumps go to A and to B alternately: test cl,1; jz B; jmp A
  const code = [...hex('85 ff 74 02'), ...hex('ff c0'), ...hex('83 c0 10 ff c9 74 07 f6 c1 01 74 f4 eb f0')];
  const runs = (rdi: bigint) => {
    bench.reset();
    bench.load(code);
    bench.state.setGpr(RDI, rdi);
    bench.state.setGpr(RCX, 9n);
    assert.is(bench.run(), CODE + code.length);
    return bench.state.gpr(RAX);
  };
  /** The same in JavaScript. */
  const expected = (rdi: number) => {
    let eax = 0, ecx = 9, head = rdi === 0 ? 'B' : 'A';
    for (;;) {
      if (head === 'A') eax += 1;
      eax += 16;
      if (--ecx === 0) return BigInt(eax);
      head = (ecx & 1) === 0 ? 'B' : 'A';
    }
  };
  assert.is(runs(0n), expected(0));
  assert.is(runs(1n), expected(1));
});

test('a large region is entered after its calls', () => {
  // call next (pushes and goes on elsewhere: the bench's call import answers the target), then 700 additions.
  const code = [...hex('e8'), ...i32(0x800 - 5), ...Array.from({ length: 700 }, () => hex('ff c0')).flat()];
  bench.reset();
  bench.load(code);
  assert.is(bench.run(), CODE + 0x800, 'the callee is not the region: its address comes back');
  bench.state.pc = CODE + 5;
  assert.is(bench.enter(CODE + 5), CODE + code.length);
  assert.is(bench.state.gpr(RAX), 700n);
});

test('one check stands for neighbouring stores, and a missing right at its far end is found', () => {
  // push rax; push rcx; push rdx; mov [rsp+40], rax
  const code = hex('50 51 52 48 89 44 24 28');
  bench.reset();
  bench.load(code);
  assert.is(bench.listing.split('offset=0x100000').length, 3, 'two looks at the permission table');
  bench.state.setGpr(RAX, 7n);
  bench.state.setGpr(RDX, 9n);
  assert.is(bench.run(), CODE + code.length);
  assert.is(bench.memory.view.getBigUint64(DATA + 0x2000 - 24, true), 9n);
  assert.is(bench.memory.view.getBigUint64(DATA + 0x2000 + 16, true), 7n);
  // The lowest push would go to the page before the data.
  bench.reset();
  bench.state.setGpr(RSP, BigInt(DATA + 16));
  assert.is(bench.run(), SLOW);
  assert.is(bench.state.pc, CODE);
  assert.is(bench.state.gpr(RSP), BigInt(DATA + 16));
});

test('128-bit dividends stay in translated code', () => {
  bench.reset();
  bench.load(hex('48 f7 f1'));
  bench.state.setGpr(RDX, 5n);
  bench.state.setGpr(RAX, 1n);
  bench.state.setGpr(RCX, 1n << 40n);
  assert.is(bench.run(), CODE + 3);
  assert.is(bench.state.gpr(RAX), (5n << 64n) / (1n << 40n));
  assert.is(bench.state.gpr(RDX), 1n);
  bench.state.setGpr(RDX, 1n << 40n);
  assert.is(bench.run(), SLOW, 'a quotient that does not fit is left to the interpreter');
});

test.run();
