// A task without a processor: system calls are made by setting its registers, and answered by the real table over real guest memory.
import { Errno } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { CpuState, GuestMemory, Perm, RAX } from '../../src/guest/index.ts';
import type { Cpu, Space } from '../../src/guest/index.ts';
import type { Host } from '../../src/host/ports.ts';
import { AddressSpace, CategoryTrace, Credentials, FsContext, Kernel, Process, ProcessGroup, Session, SignalActions, Task, mountDev, procFs, sysFs } from '../../src/linux/index.ts';
import { syscalls } from '../../src/syscalls/index.ts';
import { type FileSystem, Mount, MountTable, TmpFs } from '../../src/vfs/index.ts';

/** Guest addresses: strings and small structures go to SCRATCH, buffers to BUFFER; what lies beyond END is not mapped. */
export const SCRATCH = 0x50_0000, BUFFER = 0x60_0000, END = 0x70_0000;
const rowsByName = new Map(syscalls.flatMap((row) => (row ? [[row.name, row] as const] : [])));
const argumentRegisters = [7, 6, 2, 10, 8, 9];

function fakeSpace(): Space {
  const memory = new GuestMemory(new WebAssembly.Memory({ initial: END >> 16, maximum: 65536 }));
  memory.protect(SCRATCH, END - SCRATCH, Perm.mapped | Perm.read | Perm.write);
  const space: Space = { memory, state: new CpuState(memory), level: 'all', run: () => 1, fork: () => fakeSpace(), invalidate: () => {}, noteFile: () => {}, timestamp: () => 0n, release: () => {} };
  return space;
}

export class FakeMachine {
  nowNs: bigint;
  readonly kernel: Kernel;
  readonly root: FileSystem;
  readonly mounts: MountTable;
  task: Task;
  #scratch = SCRATCH;

  /** `makeRoot` makes the root file system, given the clock: a tmpfs unless told otherwise. `nowNs`: the time since start. */
  constructor(makeRoot: (now: () => bigint) => FileSystem = (now) => new TmpFs({ now, rootMode: 0o755 }), nowNs = 1_000_000_000n) {
    this.nowNs = nowNs;
    const host: Host = {
      clock: { realtimeNs: () => 1_700_000_000_000_000_000n + this.nowNs, monotonicNs: () => this.nowNs },
      random: { fill: (into) => { into.fill(7); } }, loop: { soon: () => {}, later: () => () => {} }, log: () => {},
    };
    const cpu: Cpu = { createSpace: fakeSpace, onSyscall: () => false, saveCache: () => {}, stats: () => [], translatedMs: 0 };
    this.kernel = new Kernel(host, cpu, 'box', new CategoryTrace([], () => {}, () => host.clock.monotonicNs()));
    this.root = makeRoot(() => this.kernel.realtimeNs());
    const { root } = this.root;
    for (const name of ['dev', 'proc', 'sys', 'tmp']) if (!root.lookup!(name)) root.create!(name, { mode: 0o040000 | (name === 'tmp' ? 0o1777 : 0o755), uid: 0, gid: 0 });
    const mount = new Mount(this.root, 'root');
    this.mounts = new MountTable(mount);
    const release = { sysname: 'Linux', release: '6.1.0', version: '#1' };
    mountDev(this.kernel, this.mounts, { mount, inode: root.lookup!('dev')! });
    this.mounts.attach(new Mount(procFs(this.kernel, release)), { mount, inode: root.lookup!('proc')! });
    this.mounts.attach(new Mount(sysFs(this.kernel)), { mount, inode: root.lookup!('sys')! });
    this.task = this.newTask();
    this.kernel.init = this.task.process;
    this.kernel.scheduler.current = this.task;
  }

  /** A further process, of the first one's group and session when there is one. */
  newTask(uid = 0, gid = 0): Task {
    const { kernel } = this;
    const pid = kernel.newPid();
    const group = this.task?.process.group ?? new ProcessGroup(pid, new Session(pid));
    kernel.groups.set(group.id, group);
    const process = new Process(pid, group, new SignalActions(), this.nowNs);
    process.parent = this.task?.process;
    const space = new AddressSpace(fakeSpace(), kernel.placements);
    const place = { mount: this.mounts.root, inode: this.mounts.root.root };
    const task = new Task(pid, process, kernel, space, kernel.files.newTable(), new FsContext(this.mounts, place, place), Credentials.of(uid, gid));
    task.name = 'test';
    process.leader = task;
    process.tasks.add(task);
    kernel.tasks.set(pid, task);
    kernel.processes.set(pid, process);
    return task;
  }

  /** Puts bytes, or a string with its NUL, into guest memory and returns where. */
  put(value: string | Uint8Array, task = this.task): number {
    const bytes = typeof value === 'string' ? Uint8Array.from([...Buffer.from(value, 'latin1'), 0]) : value;
    if (this.#scratch + bytes.length + 16 > BUFFER) this.#scratch = SCRATCH;
    const at = this.#scratch;
    this.#scratch += (bytes.length + 15) & ~15;
    task.memory.bytes.set(bytes, at);
    return at;
  }

  /** Makes a call: numbers as they are, strings and bytes as pointers to them. An Errno comes back as its name. */
  call(name: string, ...args: (number | bigint | string | Uint8Array)[]): number | string | Wait { return this.callAs(this.task, name, ...args); }

  callAs(task: Task, name: string, ...args: (number | bigint | string | Uint8Array)[]): number | string | Wait {
    const pointers = args.map((arg) => (typeof arg === 'string' || arg instanceof Uint8Array ? this.put(arg, task) : arg));
    const row = rowsByName.get(name);
    if (!row) throw new Error(`no system call ${name}`);
    task.call = { number: row.number, partial: 0, neverRestart: false };
    return this.retry(task, pointers);
  }

  /** Tries a call that waits once more. */
  retry(task = this.task, args?: (number | bigint)[]): number | string | Wait {
    if (args) argumentRegisters.forEach((register, i) => task.registers.setGpr(register, BigInt(args[i] ?? 0)));
    const row = syscalls[task.call!.number]!;
    task.registers.setGpr(RAX, BigInt(row.number));
    try {
      const decoded = row.codecs.map((codec, i) => codec.decode(task, argumentRegisters[i]!));
      const result = (row.handler as (task: Task, ...args: unknown[]) => unknown)(task, ...decoded);
      if (result instanceof Errno) return result.name;
      return result instanceof Wait ? result : Number(result as number);
    } catch (error) {
      if (error instanceof Errno) return error.name;
      throw error;
    }
  }

  /** What lies at BUFFER. */
  bytes(length: number, at = BUFFER): Uint8Array { return this.task.memory.bytes.slice(at, at + length); }
  text(length: number, at = BUFFER): string { return Buffer.from(this.bytes(length, at)).toString('latin1'); }

  /** The whole content of a file, through open, read and close. */
  cat(path: string): string {
    const fd = this.call('open', path, 0, 0);
    if (typeof fd !== 'number') return String(fd);
    let text = '';
    for (;;) {
      const count = this.call('read', fd, BUFFER, 65536);
      if (typeof count !== 'number') { text += String(count); break; }
      if (count === 0) break;
      text += this.text(count);
    }
    this.call('close', fd);
    return text;
  }
}
