// The system-call fuzzer: a machine whose processor makes random calls with random and hostile arguments from all its tasks. A step is a pure function of its seed, so that a failing sequence can be replayed and made shorter.
import { S_IFREG, O_RDWR } from '../../src/abi/index.ts';
import { CpuState, Exit, GuestMemory, PAGE_SIZE, R10, R8, R9, RAX, RDI, RDX, RSI, RSP, STACK_TOP, state } from '../../src/guest/index.ts';
import type { Cpu, Level, Space, SyscallHandler } from '../../src/guest/index.ts';
import type { Host, Net, NetStreamEvents } from '../../src/host/ports.ts';
import { kernelSignal, sendToTask } from '../../src/linux/index.ts';
import type { Task } from '../../src/linux/index.ts';
import { createMachine } from '../../src/machine/index.ts';
import type { Machine } from '../../src/machine/index.ts';
import { argumentRegisters, DirFd, Fd, OptionalPath, Path, PathBytes, Signal, Size, syscalls } from '../../src/syscalls/index.ts';
import type { SyscallRow } from '../../src/syscalls/index.ts';
import { TmpFs } from '../../src/vfs/index.ts';
import { elf } from '../machine/elf-builder.ts';
import { random as randomFrom } from './random.ts';
import type { Random } from './random.ts';

const ENTRY = 0x40_1000, DATA = 0x40_2000, DATA_SIZE = 0x8000;
/** Where a step puts its strings and structures, a further window for what calls fill, and the end of both: nothing is mapped behind it. */
const PLACED = DATA + 0x1000, FILLED = DATA + 0x4000, DATA_END = DATA + DATA_SIZE;
const PROGRAM = elf([{ flags: 5, vaddr: ENTRY, bytes: new Uint8Array(4096).fill(0x90) }, { flags: 6, vaddr: DATA, bytes: new Uint8Array(64), memorySize: DATA_SIZE }], ENTRY);
const WASM_PAGES = 1 << 10;

const rows: readonly SyscallRow[] = syscalls.flatMap((row) => (row ? [row] : []));
export const callNames: readonly string[] = rows.map((row) => row.name);
/** What ends the caller or replaces its program is chosen less often, so that sequences grow long; refused calls too. */
const rare = new Set(['exit', 'exit_group', 'execve', 'execveat', 'kill', 'tkill', 'tgkill', 'close_range', 'chroot', 'rt_sigreturn', 'munmap', 'reboot', 'vfork']);

const numbers = [0n, 1n, 2n, 3n, 7n, 8n, 16n, 100n, 4095n, 4096n, 8192n, 65536n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0xffff_fffen, 0xffff_0000n, 1n << 32n, (1n << 53n) + 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, (1n << 64n) - 100n, (1n << 64n) - 4096n];
const paths = ['', '.', '..', '/', 'f', '/tmp/f', '/tmp/g', '/tmp/d', '/tmp/d/x', '/tmp/link', '/prog', '/text', '/dev/null', '/dev/zero', '/dev/full', '/dev/tty', '/dev/ptmx', '/dev/pts/0', '/dev/shm/m', '/proc/self/fd/3', '/proc/1/stat', '/proc/self/maps', '/proc/self/mem', '/proc/self/oom_score_adj',
  '/proc/sys/kernel/hostname', 'd/', 'x'.repeat(300), '/proc/self/fd', '/proc/self/task', '\xff', '/sys', '/sys/fs/cgroup', 'a/'.repeat(2100), 'user.x', '/tmp/sock', 'security.capability', 'system.posix_acl_access', '/proc/self/exe', '/etc/passwd', '/root/.ssh', '../../../../../../etc/shadow'];

/** Everything a step does before its call: bytes at addresses, and the registers. */
interface Step { readonly kind: 'call' | 'fault' | 'trap' | 'budget'; readonly row: SyscallRow; readonly args: readonly bigint[]; readonly places: readonly (readonly [number, Uint8Array])[]; readonly stack: boolean; readonly vector: number }

/** Makes arguments; what they point to is placed one after the other. */
class Arguments {
  readonly #random: Random;
  readonly places: [number, Uint8Array][] = [];
  #at = PLACED;
  constructor(random: Random) { this.#random = random; }

  put(bytes: Uint8Array): bigint {
    if (this.#at + bytes.length > FILLED) this.#at = PLACED;
    const at = this.#at;
    this.places.push([at, bytes]);
    this.#at += (bytes.length + 15) & ~15;
    return BigInt(at);
  }

  number(): bigint {
    const random = this.#random;
    const kind = random(8);
    if (kind < 3) return numbers[random(numbers.length)]!;
    if (kind < 6) return BigInt(random(24));
    if (kind === 6) return 1n << BigInt(random(33));
    return BigInt(random(0x1_0000_0000));
  }

  path(): bigint { return this.put(Uint8Array.from([...paths[this.#random(paths.length)]!].map((c) => c.charCodeAt(0)).concat(0))); }

  pointer(): bigint {
    const random = this.#random;
    const kind = random(12);
    if (kind < 2) return BigInt(FILLED + random(4096));
    if (kind === 2) return BigInt(DATA_END - random(40));
    if (kind === 3) return random(2) ? 0n : this.number();
    if (kind === 4) return BigInt(ENTRY + random(4096));
    if (kind === 5) return BigInt(PAGE_SIZE * random(0x10_0000));
    if (kind === 6) return this.path();
    if (kind === 7) return this.put(this.#address());
    if (kind === 8) return this.put(Uint8Array.from({ length: 128 }, () => random(256)));
    return this.put(this.#words());
  }

  /** Words that are pointers, small numbers or absurd ones: times, vectors, headers of messages, sets, timers. */
  #words(): Uint8Array {
    const random = this.#random;
    const words = BigUint64Array.from({ length: 16 }, () => (random(3) === 0 ? BigInt(PLACED + random(DATA_END - PLACED + 64)) : random(3) ? BigInt(random(100)) : this.number()));
    const bytes = new Uint8Array(words.buffer);
    if (random(2)) new DataView(bytes.buffer).setUint32(4 * random(8), random(16), true);
    return bytes;
  }

  /** A socket address. */
  #address(): Uint8Array {
    const random = this.#random;
    const bytes = new Uint8Array(128);
    const view = new DataView(bytes.buffer);
    const family = [1, 2, 10, 16][random(4)]!;
    view.setUint16(0, family, true);
    if (family === 1) bytes.set(random(2) ? [0, 97 + random(3)] : [...'/tmp/sock'].map((c) => c.charCodeAt(0)), 2);
    if (family === 2) bytes.set([0x1f, 0x90 + random(4), 127, 0, 0, random(3) ? 1 : random(256)], 2);
    if (family === 10) { bytes.set([0x1f, 0x90 + random(4)], 2); if (random(3)) bytes[23] = 1; }
    return bytes;
  }

  argument(codec: SyscallRow['codecs'][number]): bigint {
    const random = this.#random;
    if (random(12) === 0) return random(2) ? this.number() : this.pointer();
    if (codec === Path || codec === PathBytes || codec === OptionalPath) return this.path();
    if (codec === DirFd && random(2)) return BigInt.asUintN(64, -100n);
    if (codec === Fd || codec === DirFd) return random(6) ? BigInt(random(20)) : this.number();
    if (codec === Signal) return BigInt(random(66));
    if (codec === Size && random(3)) return BigInt(random(4) ? random(200) : random(70_000));
    if ('out' in codec || random(2)) return this.pointer();
    return this.number();
  }
}

const rowNamed = (name: string): SyscallRow => rows.find((row) => row.name === name)!;
/** Flags of clone that work: processes, threads, and what shares more or less. */
const birthFlags = [0x11n, 0x11n, 0x10f00n, 0x10f00n, 0x111n, 0x411n, 0x1200011n, 0x4111n];

/** What one seed makes. */
function stepOf(seed: number): Step {
  const random = randomFrom(seed);
  let row = rows[random(rows.length)]!;
  if ((rare.has(row.name) || row.refused) && random(12)) row = rows[random(rows.length)]!;
  if (rare.has(row.name) && random(8)) row = rows[random(rows.length)]!;
  const make = new Arguments(random);
  if (random(80) === 0) return { kind: 'call', row: rowNamed('clone'), args: [birthFlags[random(birthFlags.length)]!, BigInt(random(2) * (STACK_TOP - 0x8000)), make.pointer(), make.pointer(), 0n, 0n], places: make.places, stack: false, vector: 0 };
  const args = argumentRegisters.map((_, i) => (row.codecs[i] ? make.argument(row.codecs[i]) : random(2) ? make.pointer() : make.number()));
  const kind = random(200);
  return { kind: kind === 0 ? 'fault' : kind === 1 ? 'trap' : kind < 6 ? 'budget' : 'call', row, args, places: make.places, stack: random(4) === 0, vector: random(20) };
}

/** Seeds of steps: what a replay leaves out is simply not in the list. */
export type Seeds = Iterator<number>;

/** A fuzzing run has found something: the steps that led to it, and their report. */
export class FuzzFailure extends Error {
  readonly steps: readonly number[];
  readonly round: Round;
  constructor(message: string, steps: readonly number[], round: Round, cause: unknown) { super(message, { cause }); this.steps = steps; this.round = round; }
}

/** Thrown inside `run` when the round's steps are over. */
const over = Symbol('over');

const fatal = new Set(['exit', 'exit_group', 'rt_sigreturn', 'execve', 'execveat']);
/** The first process, with which the machine ends, does not end itself. */
const spared = (step: Step): Step => (step.kind === 'fault' || step.kind === 'trap' || (step.kind === 'call' && fatal.has(step.row.name)) ? { ...step, kind: 'budget' } : step);

class FuzzSpace implements Space {
  readonly memory: GuestMemory;
  readonly state: CpuState;
  level: Level = 'stores';
  readonly #cpu: FuzzCpu;
  constructor(cpu: FuzzCpu) {
    this.#cpu = cpu;
    this.memory = cpu.takeMemory();
    this.state = new CpuState(this.memory);
  }

  run(): Exit {
    for (;;) {
      const exit = this.#step(this.#cpu.next());
      if (exit !== undefined) return exit;
    }
  }

  #step(step: Step): Exit | undefined {
    const { state: registers, memory } = this;
    registers.pc = ENTRY;
    if (step.stack) registers.setGpr(RSP, BigInt(STACK_TOP - 0x4000));
    for (const [at, bytes] of step.places) if (memory.allows(at, bytes.length, 1) && at + bytes.length <= memory.bytes.length) memory.bytes.set(bytes, at);
    if (step.kind === 'fault') {
      registers.setU32(state.faultAddress, Number(BigInt.asUintN(32, step.args[0]!)));
      registers.setU32(state.faultAccess, 1 << (step.vector % 3));
      return Exit.fault;
    }
    if (step.kind === 'trap') { registers.setU32(state.trapVector, step.vector); return Exit.trap; }
    if (step.kind === 'budget') return Exit.budget;
    registers.setGpr(RAX, BigInt(step.row.number));
    [RDI, RSI, RDX, R10, R8, R9].forEach((register, i) => { registers.setGpr(register, step.args[i]!); });
    this.#cpu.calls++;
    return this.#cpu.onSyscall(this) ? undefined : Exit.syscall;
  }

  fork(): Space {
    const child = new FuzzSpace(this.#cpu);
    const { perms, bytes } = this.memory;
    child.memory.ensure(bytes.length);
    child.memory.perms.set(perms);
    child.memory.protectedEnd = this.memory.protectedEnd;
    child.state.restore(this.state.save());
    for (let page = 0; page < this.memory.protectedEnd / PAGE_SIZE; page++) {
      if (perms[page]! & 1) child.memory.bytes.set(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), page * PAGE_SIZE);
    }
    return child;
  }

  invalidate(): void {}
  noteFile(): void {}
  timestamp(): bigint { return 0n; }
  release(): void {}
}

class FuzzCpu implements Cpu {
  onSyscall: SyscallHandler = () => true;
  calls = 0;
  readonly next: () => Step;
  constructor(next: () => Step) { this.next = next; }
  takeMemory(): GuestMemory { return new GuestMemory(new WebAssembly.Memory({ initial: WASM_PAGES, maximum: 65536 })); }
  createSpace(): Space { return new FuzzSpace(this); }
  saveCache(): void {}
  stats(): string[] { return []; }
  readonly translatedMs = 0;
}

/** What a round's machine is like: everything else follows from the steps. */
export interface Round { readonly seed: number; readonly uid: number; readonly withNet: boolean }

/** Called before each step with its number in the round: for a watchdog, and to leave traces. */
export type Observer = (step: number, describe: () => string) => void;

/** A network that refuses every connection, and on which nothing may listen. */
function refusingNet(soon: (act: () => void) => void): Net {
  const refused = { write: () => true, end: () => {}, pause: () => {}, resume: () => {}, destroy: () => {} };
  const forbidden = (what: string) => (): never => { throw new Error(`${what} on the host, which nobody allowed`); };
  return {
    connect: (to, events: NetStreamEvents) => {
      if (to.address.startsWith('127.') || to.address === '::1') throw new Error(`a connection to the host's ${to.address}`);
      soon(() => { events.closed('ECONNREFUSED'); });
      return refused;
    },
    datagrams: () => ({ send: (_, to) => { if (to.address.startsWith('127.') || to.address === '::1') throw new Error(`a datagram to the host's ${to.address}`); }, close: () => {} }),
    listen: forbidden('listening'), bind: forbidden('a bound socket'), nameServers: [], ownAddress: undefined,
  };
}

const describe = (task: Task | undefined, step: Step): string => `[${task?.tid ?? 0}] ${step.kind === 'call' ? step.row.name : step.kind}(${step.args.slice(0, Math.max(1, step.row.codecs.length)).map((a) => `0x${a.toString(16)}`).join(', ')})`;

/** What would end the first process without its doing: hang-ups, timers, limits, broken pipes. */
const IGNORED = [1, 13, 14, 24, 25, 26, 27, 29];
const SIGUSR2 = 12, SA_RESTORER = 0x400_0000;
const TASKS = 10, IDLE_LIMIT = 60, MEMORY = 64 << 20, ADDRESS_SPACE = 96n << 20n;

/** One machine, from its start until the steps or the machine end; returns how many calls were made and by how many tasks. Throws FuzzFailure. */
export function fuzzRound(round: Round, seeds: Seeds, observe: Observer = () => {}): { calls: number; steps: number; tasks: number } {
  const outside = randomFrom(round.seed ^ 0x5bd1_e995);
  const clock = { ns: 1_000_000_000n };
  const later: (() => void)[] = [];
  const used: number[] = [];
  const seen = new Set<number>();
  let machine: Machine | undefined;
  const cpu = new FuzzCpu(() => {
    const { value, done } = seeds.next();
    if (done) throw over;
    used.push(value);
    const step = stepOf(value);
    const task = machine?.kernel.current;
    if (task) seen.add(task.tid);
    observe(used.length, () => describe(task, step));
    return task?.process === machine?.kernel.init ? spared(step) : step;
  });
  const host: Host = {
    clock: { realtimeNs: () => 1_700_000_000_000_000_000n + clock.ns, monotonicNs: () => (clock.ns += 1000n) }, random: { fill: (into) => { into.fill(7); } },
    loop: { soon: (act) => { later.push(act); }, later: () => () => {} }, log: () => {}, ...(round.withNet ? { net: refusingNet((act) => { later.push(act); }) } : {}),
  };
  const fs = new TmpFs({ now: () => 0n, rootMode: 0o755 });
  for (const [name, bytes] of [['prog', PROGRAM], ['text', new Uint8Array(10_000).fill(65)]] as const) fs.root.create!(name, { mode: S_IFREG | 0o755, uid: 0, gid: 0 }).open!(O_RDWR).write!(bytes, 0, true);
  fs.root.create!('tmp', { mode: 0o041777, uid: 0, gid: 0 });
  const fail = (error: unknown): never => { throw new FuzzFailure(`${error instanceof Error ? error.stack ?? error.message : String(error)}`, used, round, error); };
  try {
    machine = createMachine({ host, cpu, rootFs: fs, io: { streams: { stdout: () => {}, stderr: () => {} } }, config: { argv: ['/prog'], env: ['A=1'], cwd: '/', uid: round.uid, gid: round.uid, hostname: 'box', resources: { pids: TASKS, memoryBytes: MEMORY } } });
    machine.kernel.init.limits[9] = { soft: ADDRESS_SPACE, hard: ADDRESS_SPACE };
    for (const signo of IGNORED) machine.kernel.init.actions.set(signo, { handler: 1, flags: 0, restorer: 0, mask: 0n });
    for (let idle = 0, before = 0; idle < IDLE_LIMIT && machine.runUntilIdle() === undefined; idle++) {
      if (used.length > before) idle = 0;
      before = used.length;
      wakeSomebody(machine, clock, later, outside, idle);
    }
  } catch (error) {
    if (error !== over) fail(error);
  }
  return { calls: cpu.calls, steps: used.length, tasks: seen.size };
}

/** Nobody can run: time goes on, the host's events come, a call is tried again for no reason, a signal comes, or somebody is killed. */
function wakeSomebody({ kernel }: Machine, clock: { ns: bigint }, later: (() => void)[], random: Random, idle: number): void {
  for (const act of later.splice(0)) act();
  const tasks = [...kernel.tasks.values()];
  const { nextNs } = kernel.timers;
  if (nextNs !== undefined && nextNs > clock.ns && random(2)) clock.ns = nextNs < 1n << 62n ? nextNs : clock.ns;
  for (const task of tasks) if (random(3) === 0 && task.state === 'blocked') kernel.scheduler.wake(task);
  if (idle > 3) for (const task of tasks) interrupt(task);
  const victim = tasks[random(tasks.length)]!;
  if (random(3) === 0 && victim.process !== kernel.init) sendToTask(victim, kernelSignal(1 + random(64)));
  if (random(4) === 0 && victim.process !== kernel.init) sendToTask(victim, kernelSignal(9));
  if (random(4) === 0) for (const task of tasks) if (task.state === 'stopped') sendToTask(task, kernelSignal(18));
}

/** A handler ends the task's call. */
function interrupt(task: Task): void {
  task.process.actions.set(SIGUSR2, { handler: ENTRY, flags: SA_RESTORER, restorer: ENTRY, mask: 0n });
  task.mask = 0n;
  sendToTask(task, kernelSignal(SIGUSR2));
}

/** Seeds of the steps of a round, in order. */
export function* seedsOf(round: number, limit: number): Generator<number> {
  const random = randomFrom(round);
  for (let i = 0; i < limit; i++) yield random(0x1_0000_0000);
}

export const roundOf = (seed: number): Round => ({ seed, uid: seed % 3 === 0 ? 1000 : 0, withNet: seed % 2 === 0 });

const messageOf = (failure: FuzzFailure): string => String(failure.cause instanceof Error ? failure.cause.message : failure.cause);

/** Leaves out steps as long as the same failure comes; at most `tries` replays. */
export function shrink(failure: FuzzFailure, observe: Observer = () => {}, tries = 300): readonly number[] {
  let steps = [...failure.steps];
  for (let size = steps.length >> 1; size >= 1 && tries > 0; size >>= 1) {
    for (let at = 0; at < steps.length && tries > 0;) {
      const shorter = [...steps.slice(0, at), ...steps.slice(at + size)];
      tries--;
      if (failsAlike(failure, shorter, observe)) steps = shorter; else at += size;
    }
  }
  return steps;
}

function failsAlike(failure: FuzzFailure, steps: readonly number[], observe: Observer): boolean {
  try { fuzzRound(failure.round, steps.values(), observe); } catch (error) { return error instanceof FuzzFailure && messageOf(error) === messageOf(failure); }
  return false;
}

/** The calls of a sequence in order, with who made them. */
export function describeSteps(round: Round, steps: readonly number[]): string[] {
  const lines: string[] = [];
  try { fuzzRound(round, steps.values(), (_, text) => { lines.push(text()); }); } catch { /* the failure that is being described */ }
  return lines;
}
