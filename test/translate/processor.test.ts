// The processor on hand-assembled code, interpreted, translated at first sight at each level, and mixed: loops, calls, faults at page ends, code that changes, budget, fork.
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Exit, levels, RAX, RCX, RDI, RDX, RSP, state } from '../../src/guest/index.ts';
import type { TranslatorOptions } from '../../src/translate/index.ts';
import { CODE, DATA, RWX, RW, STACK, cpuFor, finish, guest, hex } from './guest.ts';

interface Configuration { name: string; options: Partial<TranslatorOptions>; exactLoads: boolean; exactStores: boolean }
const configurations: Configuration[] = [
  { name: 'interpreted', options: { mode: 'interpret' }, exactLoads: true, exactStores: true },
  ...levels.map((level) => ({ name: `translated at level ${level}`, options: { mode: 'translate', level } as const, exactLoads: level === 'all', exactStores: level !== 'none' })),
  { name: 'mixed', options: { mode: 'tiered', threshold: 16, collect: 64, level: 'all' }, exactLoads: true, exactStores: true },
];
for (const configuration of configurations) define(configuration);

function define({ name, options, exactLoads, exactStores }: Configuration): void {
  const cpu = cpuFor(options);
  cpu.onSyscall = () => false;
  const test = (what: string, run: () => void): void => { suite(`${what}, ${name}`, run); };

  test('a loop sums', () => {
    // xor eax,eax; mov ecx,1000; L: add rax,rcx; dec rcx; jnz L; syscall
    const space = guest(cpu, hex('31c0 b9e8030000 4801c8 48ffc9 75f8 0f05'));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RAX), 500500n);
    assert.is(space.state.pc, CODE + 17);
    assert.is(space.state.gpr(RCX), BigInt(CODE + 17));
    space.release();
  });

  test('calls and returns', () => {
    // mov edi,20; call fib; syscall; fib: cmp edi,2; jae +3; mov eax,edi; ret; push rbx; push rdi; dec edi; call fib; mov ebx,eax; pop rdi; sub edi,2; call fib; add eax,ebx; pop rbx; ret
    const space = guest(cpu, hex(`bf14000000 e802000000 0f05
      83ff02 7303 89f8 c3
      53 57 ffcf e8efffffff 89c3 5f 83ef02 e8e4ffffff 01d8 5b c3`));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RAX), 6765n);
    assert.is(space.state.gpr(RSP), BigInt(STACK - 64));
    space.release();
  });

  if (exactStores) test('a store past the last page faults at the page after, with nothing done', () => {
    // mov edi, DATA+0x2000-4; mov rax,-1; mov [rdi],rax
    const space = guest(cpu, hex('bffc1f5000 48c7c0ffffffff 488907 0f05'));
    assert.is(finish(space), Exit.fault);
    assert.is(space.state.pc, CODE + 12);
    assert.is(space.state.u32(state.faultAddress), DATA + 0x2000);
    assert.is(space.state.u32(state.faultAccess), 2);
    assert.is(space.memory.view.getUint32(DATA + 0x1ffc, true), 0);
    space.release();
  });

  if (exactLoads) test('a load from an unmapped page faults there', () => {
    // mov edi, DATA-8; mov rax,[rdi]
    const space = guest(cpu, hex('bff8ff4f00 488b07 0f05'));
    assert.is(finish(space), Exit.fault);
    assert.is(space.state.u32(state.faultAddress), DATA - 8);
    assert.is(space.state.u32(state.faultAccess), 1);
    space.release();
  });

  if (exactLoads) test('a load that begins in an unmapped page and ends in a mapped one faults at its first byte', () => {
    // mov edi, DATA-4; mov rax,[rdi]
    const space = guest(cpu, hex('bffcff4f00 488b07 0f05'));
    assert.is(finish(space), Exit.fault);
    assert.is(space.state.u32(state.faultAddress), DATA - 4);
    assert.is(space.state.pc, CODE + 5);
  });

  test('an access over two mapped pages works', () => {
    // mov edi, DATA+0xffc; mov rax,0x11223344; mov [rdi],rax; mov rcx,[rdi]; syscall
    const space = guest(cpu, hex('bffc0f5000 48c7c044332211 488907 488b0f 48894f08 0f05'));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.memory.view.getBigUint64(DATA + 0xffc, true), 0x11223344n);
    assert.is(space.memory.view.getBigUint64(DATA + 0x1004, true), 0x11223344n);
    space.release();
  });

  test('running from a page without the right, and unknown bytes', () => {
    const space = guest(cpu, hex(`e9${'fb0f0000'} `));
    assert.is(finish(space), Exit.fault);
    assert.is(space.state.u32(state.faultAccess), 4);
    assert.is(space.state.u32(state.faultAddress), CODE + 0x1000);
    assert.is(space.state.pc, CODE + 0x1000);
    const bad = guest(cpu, hex('90 0f ff c0 06'));
    assert.is(finish(bad), Exit.trap);
    assert.is(bad.state.u32(state.trapVector), 6);
    assert.is(bad.state.pc, CODE + 1);
  });

  test('an instruction that runs over the end of its page', () => {
    const code = new Uint8Array(4096).fill(0x90);
    code.set(hex('48b8'), 4094);
    const space = guest(cpu, code);
    assert.is(finish(space), Exit.fault);
    assert.is(space.state.pc, CODE + 4094);
    assert.is(space.state.u32(state.faultAddress), CODE + 4096);
  });

  if (exactStores) test('code that changes the next instruction of its own block', () => {
    // mov byte [rip+2], 0x48 (turns `ff c0`→…): mov byte [CODE+8+?]...
    // c605 disp32 imm8 = 7 bytes; then 'b0 01' mov al,1 whose immediate is changed to 7; syscall
    const space = guest(cpu, hex('c6050100000007 b001 0f05'), RWX);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RAX) & 0xffn, 7n);
  });

  if (exactStores) test('a loop that rewrites its own immediate', () => {
    // mov ecx,100; xor edx,edx; L: inc byte [rip+imm of mov]; mov al,0; add dl,al ; dec ecx; jnz L; syscall
    const space = guest(cpu, hex('b964000000 31d2 fe0501000000 b000 00c2 ffc9 75f2 0f05'), RWX);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(2) & 0xffn, BigInt((100 * 101 / 2) & 255));
  });

  test('a system call that returns true goes on', () => {
    const own = cpuFor(options);
    let seen = 0;
    own.onSyscall = (s) => { s.state.setGpr(RAX, 5n); return ++seen < 3; };
    const space = guest(own, hex('0f05 4889c7 0f05 4801c7 0f05'));
    assert.is(finish(space), Exit.syscall);
    assert.is(seen, 3);
    assert.is(space.state.gpr(RDI), 10n);
  });

  test('an endless loop leaves when the budget is spent, and goes on', () => {
    const space = guest(cpu, hex('ffc0 ebfc'));
    assert.is(space.run(10_000), Exit.budget);
    const first = space.state.gpr(RAX);
    assert.ok(first >= 9_000n && first < 20_000n, `${first} rounds`);
    assert.is(space.run(10_000), Exit.budget);
    assert.ok(space.state.gpr(RAX) > first);
  });

  test('fork copies memory, registers and rights', () => {
    // L: inc dword [DATA]; syscall; jmp L
    const space = guest(cpu, hex('ff042500005000 0f05 ebf5'));
    assert.is(finish(space), Exit.syscall);
    const child = space.fork();
    assert.is(finish(child), Exit.syscall);
    assert.is(finish(child), Exit.syscall);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.memory.readU32(DATA), 2);
    assert.is(child.memory.readU32(DATA), 3);
    child.release();
    const next = cpu.createSpace();
    assert.is(next.memory.bytes[DATA], 0);
    assert.is(next.memory.perms[CODE >>> 12], 0);
    assert.is(next.state.gpr(RSP), 0n);
    next.memory.protect(DATA, 4096, RW);
    next.release();
  });

  test('longjmp out of nested calls, a thousand times', () => {
    // mov rbx,rsp; mov r12d,L1; mov edx,1000; L: call a; hlt; L1: dec edx; jnz L; syscall; a: call b; hlt; b: mov rsp,rbx; jmp r12
    const space = guest(cpu, hex('4889e3 41bc14004000 bae8030000 e807000000 f4 ffca 75f6 0f05 e801000000 f4 4889dc 41ffe4'));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RDX), 0n);
    assert.is(space.state.gpr(RSP), BigInt(STACK - 64));
  });

  if (exactStores) test('a callee changes the code it returns to', () => {
    // call g; mov al,1; syscall; g: mov byte [rip to the 1],9; ret
    const space = guest(cpu, hex('e804000000 b001 0f05 c605f6ffffff09 c3'), RWX);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RAX) & 0xffn, 9n);
  });

  test('a hot loop entered once, with calls in it', () => {
    // mov edx,300000; L: call f; dec edx; jnz L; syscall; f: add rax,rdx; ret
    const space = guest(cpu, hex('bae0930400 e806000000 ffca 75f7 0f05 90 4801d0 c3'));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RAX), 45000150000n);
  });

  if (exactStores) test('a record window that fills up again and again', () => {
    // mov ecx,2000; xor edx,edx; L: inc byte [imm]; mov al,0; add dl,al; dec ecx; jnz L; syscall
    const own = cpuFor({ ...options, mode: options.mode === 'translate' ? 'tiered' : options.mode!, records: 16384 });
    own.onSyscall = () => false;
    const space = guest(own, hex('b9d0070000 31d2 fe0501000000 b000 00c2 ffc9 75f2 0f05'), RWX);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RDX) & 0xffn, BigInt((2000 * 2001 / 2) & 255));
    assert.match(own.stats().join(), /record windows filled [1-9]/);
  });

  if (exactStores) test('a store into a page whose code was forgotten long ago', () => {
    // mov byte [CODE+0x1000],1; syscall, after code of that page was decoded and the window was cleared
    const code = new Uint8Array(0x2000).fill(0x90);
    code.set(hex('e8fb0f0000 0f05 c6042500104000c3 0f05'));
    code.set(hex('c3'), 0x1000);
    const own = cpuFor({ ...options, mode: options.mode === 'translate' ? 'tiered' : options.mode!, records: 8192 });
    own.onSyscall = () => false;
    const space = guest(own, code, RWX);
    assert.is(finish(space), Exit.syscall);
    for (let i = 0; i < 4; i++) {
      space.state.pc = CODE + 0x100 * (i + 1);
      space.memory.bytes.set(hex('0f05'), CODE + 0x100 * (i + 1) + 0xfe);
      assert.is(finish(space), Exit.syscall);
    }
    assert.match(own.stats().join(), /record windows filled [1-9]/);
    space.state.pc = CODE + 7;
    assert.is(finish(space), Exit.syscall);
    assert.is(space.memory.bytes[CODE + 0x1000], 0xc3);
  });

  test('deep recursion in the interpreter', () => {
    // mov ecx,400000; call f; syscall; f: dec ecx; jz +5; call f; ret
    const space = guest(cpu, hex('b9801a0600 e802000000 0f05 ffc9 7405 e8f7ffffff c3'), undefined, 1000);
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RSP), BigInt(STACK - 64));
  });
}

suite.run();
