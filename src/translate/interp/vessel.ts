// A vessel: one WebAssembly.Memory with the hub instance bound to it. Vessels are pooled; the space that lives in one answers the hub's imports.
import { assert } from '../../base/index.ts';
import { WINDOWS_END } from '../../guest/index.ts';

/** What the hub asks of JavaScript. All run with state.pc exact. */
export interface HubHost {
  /** What runs at pc: an index in the function table, the head of a decoded block, or 0 when it cannot run (state.exit is filled in). */
  miss(pc: number): number;
  /** The head of the decoded block at pc, whatever is translated; 0 as above. */
  slow(pc: number): number;
  /** A block's count ran out. */
  attend(head: number): void;
  /** An access of `size` bytes failed in the record at ip: the record to go on with, or 0 with the fault filled in. */
  fault(ip: number, address: number, size: number, access: number): number;
  /** Answers a system call: 0 go on, 1 leave. */
  syscall(): number;
  /** Runs an out-of-line routine; 0 go on, 1 leave. */
  routine(id: number, a: number, b: number, c: number, d: number): number;
}

export interface HubExports {
  run(): number;
  /** The record decoder (record-decoder.ts). */
  decode(pc: number, end: number, at: number, limit: number): number;
  readonly regions: WebAssembly.Table;
}

const MAXIMUM = 65536;
/** The runtime's windows and 64 MiB for mappings, in WebAssembly pages: most programs never need more. */
const INITIAL = WINDOWS_END / 65536 + 1024;

export class Vessel {
  readonly memory: WebAssembly.Memory;
  readonly hub: HubExports;
  /** All exports: what region modules import. */
  readonly exports: Record<string, unknown>;
  /** The space that lives here now. */
  host: HubHost | undefined;
  /** Instances of region modules by module, with the place of their first function in the table. */
  readonly instances = new Map<object, number>();

  constructor(hub: WebAssembly.Module) {
    this.memory = new WebAssembly.Memory({ initial: INITIAL, maximum: MAXIMUM });
    const host = (): HubHost => { assert(this.host !== undefined, 'a vessel without a space runs'); return this.host; };
    const instance = new WebAssembly.Instance(hub, { hub: {
      memory: this.memory,
      miss: (pc: number) => host().miss(pc >>> 0),
      slow: (pc: number) => host().slow(pc >>> 0),
      attend: (head: number) => host().attend(head >>> 0),
      fault: (ip: number, address: number, size: number, access: number) => host().fault(ip >>> 0, address >>> 0, size, access),
      syscall: () => host().syscall(),
      routine: (id: number, a: number, b: number, c: number, d: number) => host().routine(id, a, b, c, d),
    } });
    this.exports = instance.exports;
    this.hub = instance.exports as unknown as HubExports;
  }

  /** Binds functions of a region module into the table; returns the index of the first. */
  bind(module: object, functions: readonly unknown[]): number {
    const table = this.hub.regions;
    const first = table.grow(functions.length);
    functions.forEach((f, i) => table.set(first + i, f));
    this.instances.set(module, first);
    return first;
  }

  /** Lets an instance go. Nothing of it may be running. */
  unbind(module: object, functions: number): void {
    const first = this.instances.get(module);
    if (first === undefined) return;
    for (let i = 0; i < functions; i++) this.hub.regions.set(first + i, null);
    this.instances.delete(module);
  }
}
