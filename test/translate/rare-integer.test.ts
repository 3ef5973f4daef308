// Rare integer instructions that vectors cannot hold: far transfers, segment registers, 128-bit division, the time stamp counter, what user programs may not do; interpreted and translated.
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Exit, R8, RAX, RBX, RCX, RDI, RDX, RSI, RSP, state } from '../../src/guest/index.ts';
import { CODE, cpuFor, finish, guest, hex, STACK } from './guest.ts';

for (const mode of ['interpret', 'translate'] as const) {
  const cpu = cpuFor({ mode });
  cpu.onSyscall = () => false;
  const test = (what: string, run: () => void): void => { suite(`${what}, ${mode}`, run); };

  test('retf, iret, far jump and far call stay in the code segment', () => {
    const space = guest(cpu, hex(`6a33 488d0504000000 50 48cb f4          ; push 0x33; lea rax,1f; push rax; retfq; hlt
      4889e3 6a2b 488d4be0 51 6803020000 6a33 488d0504000000 50 48cf f4  ; 1: mov rbx,rsp; push ss; push rsp-32; push flags with CF; push cs; push 2f; iretq; hlt
      0f92c2 4989e0 488d0519000000 89042500005000 66c70425040050003300   ; 2: setc dl; mov r8,rsp; [0x500000] = 3f, 0x33
      ff2c2500005000 f4                                                  ; jmp far [0x500000]; hlt
      488d0515000000 89042500005000 ff1c2500005000 be07000000 0f05       ; 3: [0x500000] = 4f; call far; mov esi,7; syscall
      bf09000000 cb                                                      ; 4: mov edi,9; retf`));
    assert.is(finish(space), Exit.syscall);
    assert.is(space.state.gpr(RSI), 7n);
    assert.is(space.state.gpr(RDI), 9n);
    assert.is(space.state.gpr(RDX), 1n);
    assert.is(space.state.gpr(R8), BigInt(STACK - 64 - 32));
    assert.is(space.state.gpr(RSP), space.state.gpr(R8));
    space.release();
  });

  test('a far return to another segment is #GP', () => {
    const space = guest(cpu, hex('6a10 68001000 00 48cb'));
    assert.is(finish(space), Exit.trap);
    assert.is(space.state.u32(state.trapVector), 13);
    assert.is(space.state.pc, CODE + 7);
    space.release();
  });

  test('segment registers read as Linux sets them; loading fs forgets its base', () => {
    // mov eax,cs; mov ecx,ss; mov edx,fs; mov ebx,0x2b; mov gs,ebx; syscall
    const space = guest(cpu, hex('8cc8 8cd1 8ce2 bb2b000000 8eeb 0f05'));
    space.state.setU64(state.gsBase, 0x1234n);
    space.state.setU64(state.fsBase, 0x5678n);
    assert.is(finish(space), Exit.syscall);
    assert.equal([RAX, RCX, RDX].map((n) => space.state.gpr(n)).slice(0, 1), [0x33n]);
    assert.is(space.state.gpr(RDX), 0n);
    assert.is(space.state.u64(state.gsBase), 0n);
    assert.is(space.state.u64(state.fsBase), 0x5678n);
    space.release();
  });

  test('128-bit dividends', () => {
    const divide = (code: string, high: bigint, low: bigint, divisor: bigint): { exit: Exit; quotient: bigint; remainder: bigint } => {
      const space = guest(cpu, hex(`${code} 0f05`));
      space.state.setGpr(RAX, low);
      space.state.setGpr(RDX, high);
      space.state.setGpr(RBX, divisor);
      const exit = finish(space);
      const result = { exit, quotient: space.state.gpr(RAX), remainder: space.state.gpr(RDX) };
      space.release();
      return result;
    };
    const DIV = '48f7f3', IDIV = '48f7fb';
    assert.equal(divide(DIV, 5n, 7n, 0x1_0000_0001n), { exit: Exit.syscall, quotient: ((5n << 64n) + 7n) / 0x1_0000_0001n, remainder: ((5n << 64n) + 7n) % 0x1_0000_0001n });
    const minus = -(1n << 70n) - 12345n;
    assert.equal(divide(IDIV, minus >> 64n, minus, 1000n), { exit: Exit.syscall, quotient: BigInt.asUintN(64, minus / 1000n), remainder: BigInt.asUintN(64, minus % 1000n) });
    assert.is(divide(DIV, 5n, 7n, 5n).exit, Exit.trap);
    assert.is(divide(DIV, 0n, 7n, 0n).exit, Exit.trap);
    assert.is(divide(IDIV, -1n, 1n << 63n, -1n).exit, Exit.trap);
    assert.equal(divide(IDIV, -1n, -7n, 2n), { exit: Exit.syscall, quotient: BigInt.asUintN(64, -3n), remainder: BigInt.asUintN(64, -1n) });
  });

  test('the time stamp counter goes up', () => {
    // rdtsc; mov ebx,eax; rdtscp; syscall
    const space = guest(cpu, hex('0f31 89c3 0f01f9 0f05'));
    assert.is(finish(space), Exit.syscall);
    assert.ok(space.state.gpr(RAX) > space.state.gpr(RBX));
    space.release();
  });

  for (const [name, code, vector] of [['hlt', 'f4', 13], ['in', 'ec', 13], ['wrmsr', '0f30', 13], ['int 0x80', 'cd80', 13], ['ud2', '0f0b', 6], ['int3', 'cc', 3], ['vzeroupper', 'c5f877', 6], ['rdfsbase', 'f30faec0', 6]] as const) {
    test(`${name} raises ${vector}`, () => {
      const space = guest(cpu, hex(`90 ${code}`));
      assert.is(finish(space), Exit.trap);
      assert.is(space.state.u32(state.trapVector), vector);
      assert.is(space.state.pc, CODE + 1 + (vector === 3 ? 1 : 0));
      space.release();
    });
  }
}

suite.run();
