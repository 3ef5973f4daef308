// The machine without a processor: exec, system calls, fork and wait, signals, futexes, timers, driven by scripts.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE_SIZE, R12, RAX, RDI, RSI, RSP, STACK_TOP, state } from '../../src/guest/index.ts';
import { StartError } from '../../src/machine/index.ts';
import { boot, DATA } from './boot.ts';
import { elf } from './elf-builder.ts';
import { addressOf, ENTRY } from './scripted-cpu.ts';
import type { Step } from './scripted-cpu.ts';

const NR = { write: 1, mmap: 9, mprotect: 10, munmap: 11, brk: 12, rt_sigaction: 13, rt_sigprocmask: 14, rt_sigreturn: 15, sched_yield: 24, nanosleep: 35, alarm: 37, getpid: 39, fork: 57, vfork: 58, execve: 59, exit: 60, wait4: 61,
  kill: 62, getppid: 110, pause: 34, clone: 56, futex: 202, exit_group: 231, rt_sigsuspend: 130, sigaltstack: 131, pipe2: 293, read: 0, close: 3 };
const exit = (code: number | ((c: Parameters<Step>[0]) => number | bigint)): Step => (c) => { c.sys(NR.exit_group, typeof code === 'number' ? code : code(c)); };
const MAP_ANON_PRIVATE = 0x22;
const text = (c: Parameters<Step>[0], address: number): string => new TextDecoder().decode(c.space.memory.readCString(address, 4096)!);

test('the initial stack holds argc, argv, envp and the auxiliary vector', () => {
  let checked = false;
  const b = boot([(c) => {
    const { view } = c.space.memory;
    const rsp = Number(c.gpr(RSP));
    assert.is(rsp % 16, 0);
    assert.is(view.getBigUint64(rsp, true), 2n);
    assert.is(text(c, Number(view.getBigUint64(rsp + 8, true))), '/prog');
    assert.is(text(c, Number(view.getBigUint64(rsp + 16, true))), 'x y');
    assert.is(view.getBigUint64(rsp + 24, true), 0n);
    assert.is(text(c, Number(view.getBigUint64(rsp + 32, true))), 'A=1');
    const aux = new Map<number, number>();
    for (let at = rsp + 48; view.getBigUint64(at, true) !== 0n; at += 16) aux.set(Number(view.getBigUint64(at, true)), Number(view.getBigUint64(at + 8, true)));
    assert.is(aux.get(9), ENTRY);
    assert.is(aux.get(6), PAGE_SIZE);
    assert.is(aux.get(5), 2);
    assert.is(text(c, aux.get(15)!), 'x86_64');
    assert.is(text(c, aux.get(31)!), '/prog');
    assert.is(c.space.memory.readU8(aux.get(25)!), 7);
    assert.is(c.space.state.u32(state.mxcsr), 0x1f80);
    checked = true;
    c.sys(NR.exit_group, 3);
  }], { argv: ['/prog', 'x y'] });
  assert.equal(b.exit(), { code: 3 });
  assert.ok(checked);
});

test('write reaches the host, and the trace is in strace format', () => {
  const b = boot([(c) => { c.space.memory.writable(DATA, 3).set([104, 105, 10]); c.sys(NR.write, 1, DATA, 3); }, (c) => { assert.is(c.gpr(RAX), 3n); c.sys(999); }, (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -38n)); c.sys(NR.exit_group, 0); }], { trace: ['syscall'] });
  assert.equal(b.exit(), { code: 0 });
  assert.is(b.out(), 'hi\n');
  assert.is(b.lines[0], 'write(1, "hi\\n", 3)                     = 3');
  assert.match(b.lines[1]!, /^syscall_0x3e7\(.*\) += -1 ENOSYS \(Function not implemented\)$/);
  assert.equal(b.lines.slice(2), ['exit_group(0)                           = ?', '+++ exited with 0 +++']);
});

test('fork copies memory, wait4 reaps, the parent is the child\'s parent', () => {
  const b = boot([
    (c) => { c.space.memory.writeU32(DATA, 1); c.sys(NR.fork); },
    (c) => { c.go(c.gpr(RAX) === 0n ? 2 : 5); },
    (c) => { assert.is(c.space.memory.readU32(DATA), 1); c.space.memory.writeU32(DATA, 42); c.sys(NR.getppid); },
    (c) => { assert.is(c.gpr(RAX), 1n); c.sys(NR.exit_group, 7); },
    () => { throw new Error('not reached'); },
    (c) => { c.sys(NR.wait4, -1, DATA + 8, 0, 0); },
    (c) => {
      assert.is(c.gpr(RAX), 2n);
      assert.is(c.space.memory.readU32(DATA + 8), 7 << 8);
      assert.is(c.space.memory.readU32(DATA), 1);
      c.sys(NR.wait4, -1, 0, 0, 0);
    },
    (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -10n)); c.sys(NR.exit_group, 0); },
  ]);
  assert.equal(b.exit(), { code: 0 });
  assert.ok(b.cpu.spaces.every((s) => s.released), 'every memory was given back');
});

test('the trace of a call that others interrupt has two lines', () => {
  const b = boot([
    (c) => { c.sys(NR.fork); },
    (c) => { c.go(c.gpr(RAX) === 0n ? 3 : 2); },
    (c) => { c.sys(NR.wait4, -1, DATA, 0, 0); },
    (c) => { c.sys(NR.exit_group, c.gpr(RAX) === 0n ? 7 : 0); },
  ], { trace: ['syscall'] });
  assert.equal(b.exit(), { code: 0 });
  assert.equal(b.lines.map((l) => l.replace(/ +=/, ' =')), [
    '[pid 1] fork() = 2',
    '[pid 1] wait4(-1,  <unfinished ...>',
    '[pid 2] exit_group(7) = ?',
    '[pid 2] +++ exited with 7 +++',
    '<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 7}], 0, NULL) = 2',
    'exit_group(0) = ?',
    '+++ exited with 0 +++',
  ]);
});

test('a vfork child shares memory, and its parent waits until it has exited', () => {
  const b = boot([
    (c) => { c.sys(NR.vfork); },
    (c) => { c.go(c.gpr(RAX) === 0n ? 2 : 4); },
    (c) => { c.space.memory.writeU32(DATA, 99); c.sys(NR.sched_yield); },
    (c) => { c.sys(NR.exit, 0); },
    (c) => { assert.is(c.space.memory.readU32(DATA), 99); c.sys(NR.exit_group, 0); },
  ]);
  assert.equal(b.exit(), { code: 0 });
});

test('execve replaces the program, keeps the pid, and fails before it changes anything', () => {
  const b = boot([
    (c) => { c.space.memory.writable(DATA, 16).set(new TextEncoder().encode('/nothing\0/next\0')); c.sys(NR.execve, DATA, 0, 0); },
    (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -2n)); c.space.memory.writeU64(DATA + 32, BigInt(DATA + 9)); c.sys(NR.execve, DATA + 9, DATA + 32, 0); },
    () => { throw new Error('not reached'); },
  ], {}, { next: new TextEncoder().encode('#!/prog -x\n') });
  const [first, second] = b.cpu.program;
  let done = false;
  b.cpu.program = [(c) => {
    const argc = c.space.memory.readU64(Number(c.gpr(RSP)));
    if (argc === 1n) { first!(c); return; }
    const argv = [1, 2, 3].map((i) => text(c, Number(c.space.memory.readU64(Number(c.gpr(RSP)) + 8 * i))));
    assert.equal(argv, ['/prog', '-x', '/next']);
    done = true;
    c.sys(NR.getpid);
  }, (c) => { if (done) c.sys(NR.exit_group, c.gpr(RAX)); else second!(c); }];
  assert.equal(b.exit(), { code: 1 });
});

/** rt_sigaction of `signal` with a handler at a step; the restorer is step `back`. */
const handle = (c: Parameters<Step>[0], signal: number, handler: number, flags: number): void => {
  const at = DATA + 0x200;
  [addressOf(handler), flags | 0x0400_0000, addressOf(60), 0].forEach((word, i) => { c.space.memory.writeU64(at + 8 * i, BigInt(word)); });
  c.sys(NR.rt_sigaction, signal, at, 0, 8);
};

test('a handler gets its frame, and rt_sigreturn gives every register back', () => {
  const program: Step[] = [];
  program[0] = (c) => { handle(c, 10, 40, 4); };
  program[1] = (c) => {
    c.space.state.setGpr(R12, 0x1234_5678_9abc_def0n);
    c.space.memory.bytes.set([1, 2, 3], 0x1_0000 + state.xmm);
    c.space.state.setU32(state.fcw, 0x27f);
    c.sys(NR.kill, 1, 10);
  };
  program[2] = (c) => {
    assert.is(c.gpr(R12), 0x1234_5678_9abc_def0n);
    assert.equal([...c.space.memory.bytes.subarray(0x1_0000 + state.xmm, 0x1_0000 + state.xmm + 3)], [1, 2, 3]);
    assert.is(c.space.state.u32(state.fcw), 0x27f);
    assert.is(c.gpr(RAX), 0n);
    c.sys(NR.exit_group, c.space.memory.readU32(DATA) === 10 ? 5 : 6);
  };
  program[40] = (c) => {
    const rsp = Number(c.gpr(RSP));
    assert.is((rsp + 8) % 16, 0, 'the ABI alignment at function entry');
    assert.is(c.gpr(RDI), 10n);
    assert.is(c.space.memory.readI32(Number(c.gpr(RSI))), 10);
    assert.is(c.space.memory.readI32(Number(c.gpr(RSI)) + 8), 0);
    assert.is(c.space.memory.readI32(Number(c.gpr(RSI)) + 16), 1, 'si_pid');
    assert.is(c.space.memory.readU64(rsp), BigInt(addressOf(60)));
    c.space.memory.writeU32(DATA, 10);
    c.space.state.setGpr(R12, 0n);
    c.space.memory.bytes.fill(9, 0x1_0000 + state.xmm, 0x1_0000 + state.xmm + 16);
    c.space.state.setU32(state.fcw, 0x37f);
    c.space.state.setGpr(RSP, BigInt(rsp + 8));
    c.jump(addressOf(60));
  };
  program[60] = (c) => { c.sys(NR.rt_sigreturn); };
  assert.equal(boot(program).exit(), { code: 5 });
});

const returning: Step = (c) => { c.space.state.setGpr(RSP, c.gpr(RSP) + 8n); c.jump(addressOf(60)); };
const sigreturn: Step = (c) => { c.sys(NR.rt_sigreturn); };

/** A child that sends a signal to its parent, which waits in `call`. */
function interrupted(flags: number, call: (c: Parameters<Step>[0]) => void, after: Step): Step[] {
  const program: Step[] = [];
  program[0] = (c) => { handle(c, 10, 40, flags); };
  program[1] = (c) => { c.sys(NR.pipe2, DATA + 0x300, 0); };
  program[2] = (c) => { c.sys(NR.fork); };
  program[3] = (c) => { c.go(c.gpr(RAX) === 0n ? 20 : 4); };
  program[4] = call;
  program[5] = after;
  program[20] = (c) => { c.sys(NR.sched_yield); };
  program[21] = (c) => { c.sys(NR.kill, 1, 10); };
  program[22] = (c) => { c.sys(NR.sched_yield); };
  program[23] = (c) => { c.sys(NR.write, c.space.memory.readU32(DATA + 0x304), DATA, 1); };
  program[24] = exit(0);
  program[40] = (c) => { c.space.memory.writeU32(DATA + 0x100, c.space.memory.readU32(DATA + 0x100) + 1); returning(c); };
  program[60] = sigreturn;
  return program;
}

const readPipe: Step = (c) => { c.sys(NR.read, c.space.memory.readU32(DATA + 0x300), DATA + 0x400, 10); };
const handled = (c: Parameters<Step>[0]): number => c.space.memory.readU32(DATA + 0x100);

test('read is interrupted with EINTR without SA_RESTART', () => {
  assert.equal(boot(interrupted(0, readPipe, (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -4n)); c.sys(NR.exit_group, handled(c)); })).exit(), { code: 1 });
});

test('read goes on after the handler with SA_RESTART', () => {
  assert.equal(boot(interrupted(0x1000_0000, readPipe, (c) => { assert.is(c.gpr(RAX), 1n); c.sys(NR.exit_group, 10 + handled(c)); })).exit(), { code: 11 });
});

test('pause is interrupted in spite of SA_RESTART', () => {
  assert.equal(boot(interrupted(0x1000_0000, (c) => { c.sys(NR.pause); }, (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -4n)); c.sys(NR.exit_group, 20 + handled(c)); })).exit(), { code: 21 });
});

test('a fault without a handler ends the process with SIGSEGV; with one, the handler finds the address', () => {
  assert.equal(boot([(c) => { c.fault(0x5000_0000, 2); }]).exit(), { signal: 11 });
  const program: Step[] = [];
  program[0] = (c) => { handle(c, 11, 40, 4); };
  program[1] = (c) => { assert.is(c.space.level, 'all'); c.fault(0x5000_0010, 2); };
  program[40] = (c) => {
    const [info, uc] = [Number(c.gpr(RSI)), Number(c.space.state.gpr(2))];
    assert.is(c.space.memory.readU64(info + 16), 0x5000_0010n);
    assert.is(c.space.memory.readI32(info + 8), 1, 'SEGV_MAPERR');
    assert.is(c.space.memory.readU64(uc + 40 + 8 * 16), BigInt(addressOf(1)), 'rip');
    assert.is(c.space.memory.readU64(uc + 40 + 8 * 19), 6n, 'err: a user write');
    assert.is(c.space.memory.readU64(uc + 40 + 8 * 20), 14n, 'trapno');
    assert.is(c.space.memory.readU64(uc + 40 + 8 * 22), 0x5000_0010n, 'cr2');
    c.sys(NR.exit_group, 9);
  };
  assert.equal(boot(program).exit(), { code: 9 });
});

test('the stack grows at a store below it, but not beyond its limit', () => {
  let tries = 0;
  const b = boot([(c) => { if (tries++ === 0) c.fault(STACK_TOP - 0x10_0000, 2); else c.fault(STACK_TOP - 0x90_0000, 2); }]);
  assert.equal(b.exit(), { signal: 11 });
  assert.is(tries, 2);
});

test('division by zero is SIGFPE, an unknown instruction SIGILL', () => {
  assert.equal(boot([(c) => { c.trap(0); }]).exit(), { signal: 8 });
  assert.equal(boot([(c) => { c.trap(6); }]).exit(), { signal: 4 });
});

test('threads: clone shares memory, futex wakes, CLEARTID joins', () => {
  const CLONE_THREAD_FLAGS = 0x3d0f00;
  const program: Step[] = [];
  program[0] = (c) => { c.space.memory.writeU32(DATA + 0x10, 77); c.sys(NR.clone, CLONE_THREAD_FLAGS, DATA + 0x2000, DATA + 0x10, DATA + 0x10, DATA + 0x500); };
  program[1] = (c) => { if (c.gpr(RAX) === 0n) c.go(20); };
  program[2] = (c) => { assert.is(c.space.memory.readU32(DATA + 0x10), 2, 'the thread id is stored'); c.sys(NR.futex, DATA + 0x20, 0x80, 0, 0, 0, 0); };
  program[3] = (c) => { assert.is(c.gpr(RAX), 0n); c.sys(NR.futex, DATA + 0x10, 0, 2, 0, 0, 0); };
  program[4] = (c) => { assert.is(c.space.memory.readU32(DATA + 0x10), 0); c.sys(NR.futex, DATA + 0x20, 0x80, 0, 0, 0, 0); };
  program[5] = (c) => { assert.is(c.gpr(RAX), BigInt.asUintN(64, -11n), 'the word has changed'); c.sys(NR.exit_group, 0); };
  program[20] = (c) => { assert.is(c.gpr(RSP), BigInt(DATA + 0x2000)); assert.is(c.space.state.u64(state.fsBase), BigInt(DATA + 0x500)); c.space.memory.writeU32(DATA + 0x20, 1); c.sys(NR.futex, DATA + 0x20, 0x81, 1, 0, 0, 0); };
  program[21] = (c) => { assert.is(c.gpr(RAX), 1n); c.sys(NR.sched_yield); };
  program[22] = (c) => { c.sys(NR.exit, 0); };
  assert.equal(boot(program).exit(), { code: 0 });
});

test('nanosleep waits for the clock', () => {
  const b = boot([(c) => { c.space.memory.writeU64(DATA, 0n); c.space.memory.writeU64(DATA + 8, 5_000_000n); c.sys(NR.nanosleep, DATA, 0); }, (c) => { c.sys(NR.exit_group, Number(c.gpr(RAX))); }]);
  assert.is(b.exit(), undefined);
  b.clock.ns += 5_000_000n;
  assert.equal(b.exit(), { code: 0 });
});

test('an alarm ends a program that loops without system calls', () => {
  let rounds = 0;
  const b = boot([(c) => { c.sys(NR.alarm, 1); }, (c) => { rounds++; if (rounds === 5) b.clock.ns += 1_000_000_000n; c.go(1); c.budget(); }]);
  assert.equal(b.exit(), { signal: 14 });
  assert.is(rounds, 5);
});

test('a turn of nothing but calls ends by the clock', () => {
  let calls = 0, other = false;
  const b = boot([
    (c) => { c.sys(NR.fork); },
    (c) => { c.go(c.gpr(RAX) === 0n ? 4 : 2); },
    (c) => { calls++; b.clock.ns += 1_000_000n; c.sys(NR.getpid); },
    (c) => { if (other || calls > 1000) c.sys(NR.exit_group, 0); else c.go(2); },
    (c) => { other = true; c.sys(NR.exit_group, 0); },
  ]);
  assert.equal(b.exit(), { code: 0 });
  assert.ok(other && calls < 200, `${calls} calls`);
});

test('the first process is spared what it has no handler for, but for SIGKILL and what the user in front of it sends', () => {
  const pausing = (): ReturnType<typeof boot> => boot([(c) => { c.sys(NR.kill, 1, 15); }, (c) => { assert.is(c.gpr(RAX), 0n); c.sys(NR.pause); }]);
  const b = pausing();
  assert.is(b.exit(), undefined);
  b.machine.signal(15);
  assert.is(b.exit(), undefined);
  b.machine.signal(9);
  assert.equal(b.exit(), { signal: 9 });
  const interrupted = pausing();
  assert.is(interrupted.exit(), undefined);
  interrupted.machine.interrupt(15);
  assert.equal(interrupted.exit(), { signal: 15 });
});

test('shared memory is the same in parent and child', () => {
  let shared = 0;
  const b = boot([
    (c) => { c.sys(NR.mmap, 0, PAGE_SIZE, 3, 0x21, -1, 0); },
    (c) => { shared = Number(c.gpr(RAX)); c.sys(NR.fork); },
    (c) => { c.go(c.gpr(RAX) === 0n ? 3 : 5); },
    (c) => { c.space.memory.writeU32(shared, 123); c.sys(NR.exit_group, 0); },
    () => {},
    (c) => { c.sys(NR.wait4, -1, 0, 0, 0); },
    (c) => { c.sys(NR.exit_group, c.space.memory.readU32(shared)); },
  ]);
  assert.equal(b.exit(), { code: 123 });
});

test('mmap, mprotect, munmap and brk', () => {
  let at = 0;
  const b = boot([
    (c) => { c.sys(NR.mmap, 0, 3 * PAGE_SIZE, 3, MAP_ANON_PRIVATE, -1, 0); },
    (c) => { at = Number(c.gpr(RAX)); c.space.memory.writeU32(at + PAGE_SIZE, 5); c.sys(NR.mprotect, at + PAGE_SIZE, PAGE_SIZE, 1); },
    (c) => { assert.throws(() => c.space.memory.writable(at + PAGE_SIZE, 1)); assert.is(c.space.memory.readU32(at + PAGE_SIZE), 5); c.sys(NR.munmap, at, 3 * PAGE_SIZE); },
    (c) => { assert.throws(() => c.space.memory.readable(at, 1)); c.sys(NR.mmap, at, 3 * PAGE_SIZE, 3, MAP_ANON_PRIVATE | 0x10, -1, 0); },
    (c) => { assert.is(c.gpr(RAX), BigInt(at)); assert.is(c.space.memory.readU32(at + PAGE_SIZE), 0, 'new pages are zero'); c.sys(NR.brk, 0); },
    (c) => { at = Number(c.gpr(RAX)); c.sys(NR.brk, at + 10_000); },
    (c) => { assert.is(c.gpr(RAX), BigInt(at + 10_000)); c.space.memory.writeU8(at + 9_999, 1); c.sys(NR.brk, at + 1); },
    (c) => { assert.throws(() => c.space.memory.writable(at + 9_999, 1)); c.sys(NR.mmap, 0, 3 * 2 ** 30, 0, MAP_ANON_PRIVATE, -1, 0); },
    (c) => { assert.ok(c.gpr(RAX) > 0n && c.gpr(RAX) < 2n ** 32n); assert.ok(c.space.memory.bytes.length < 2 ** 30, 'reserved address room costs no memory'); c.sys(NR.exit_group, 0); },
  ]);
  assert.equal(b.exit(), { code: 0 });
});

test('programs that cannot be started say why', () => {
  const reason = (argv: string[], files: Record<string, Uint8Array> = {}): string => {
    try { boot([], { argv }, files); } catch (error) { assert.instance(error, StartError); return `${(error as StartError).errno.name} ${(error as Error).message}`; }
    return 'started';
  };
  assert.is(reason(['nothing']), 'ENOENT nothing: executable file not found in $PATH');
  assert.is(reason(['/nothing']), 'ENOENT /nothing: no such file or directory');
  assert.is(reason(['/low'], { low: elf([{ flags: 5, vaddr: 0x1_0000, bytes: new Uint8Array(16) }], 0x1_0000) }), 'ENOEXEC /low: linked for addresses 0x10000–0x11000, which cannot be used here');
  assert.is(reason(['/arm'], { arm: elf([{ flags: 5, vaddr: 0x40_0000, bytes: new Uint8Array(16) }], 0x40_0000, { machine: 183 }) }), 'ENOEXEC /arm: program for AArch64 (only x86-64 programs run here)');
  assert.is(reason(['/bad'], { bad: new TextEncoder().encode('hello') }), 'ENOEXEC /bad: not an ELF file');
});

test.run();
