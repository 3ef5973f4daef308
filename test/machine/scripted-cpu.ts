// A Cpu without a processor: "instructions" are JavaScript functions at addresses, so that Linux can be tested without the translator.
import { CpuState, Exit, GuestMemory, PAGE_SIZE, RAX, R10, R8, R9, RDI, RDX, RSI, state } from '../../src/guest/index.ts';
import type { Cpu, Level, Space, SyscallHandler } from '../../src/guest/index.ts';

/** Where a script's program starts; each step takes 16 bytes of address room. */
export const ENTRY = 0x40_1000;
export const STEP = 16;
export const addressOf = (step: number): number => ENTRY + STEP * step;

/** What a step may do: set registers and memory, and end in a system call, a fault, a trap, or nothing. */
export interface Context {
  readonly space: Space;
  gpr(n: number): bigint;
  /** Makes the step a system call. */
  sys(number: number, ...args: (number | bigint)[]): void;
  /** Makes the next step another one. */
  go(step: number): void;
  fault(address: number, access: number): void;
  trap(vector: number): void;
  budget(): void;
  /** Jumps to an address outside the script's order (a return from a handler). */
  jump(address: number): void;
}
export type Step = (c: Context) => void;

const argumentRegisters = [RDI, RSI, RDX, R10, R8, R9];
const PAGES = 1 << 10;

class ScriptedSpace implements Space {
  readonly memory: GuestMemory;
  readonly state: CpuState;
  level: Level = 'stores';
  released = false;
  readonly #cpu: ScriptedCpu;
  constructor(cpu: ScriptedCpu) {
    this.#cpu = cpu;
    this.memory = new GuestMemory(new WebAssembly.Memory({ initial: PAGES, maximum: 65536 }));
    this.state = new CpuState(this.memory);
  }

  run(): Exit {
    for (;;) {
      const step = Math.floor((this.state.pc - ENTRY) / STEP);
      const act = this.#cpu.program[step];
      if (!act) throw new Error(`the script has no step ${step} (pc 0x${this.state.pc.toString(16)})`);
      const exit = this.#execute(act, step);
      if (exit !== undefined) return exit;
    }
  }

  #execute(act: Step, step: number): Exit | undefined {
    let exit: Exit | undefined;
    let call = false;
    const at = addressOf(step);
    this.state.pc = at + STEP;
    act({
      space: this,
      gpr: (n) => this.state.gpr(n),
      sys: (number, ...args) => {
        call = true;
        this.state.setGpr(RAX, BigInt(number));
        args.forEach((arg, i) => { this.state.setGpr(argumentRegisters[i]!, BigInt(arg)); });
      },
      go: (next) => { this.state.pc = addressOf(next); },
      jump: (address) => { this.state.pc = address; },
      fault: (address, access) => {
        this.state.pc = at;
        this.state.setU32(state.faultAddress, address);
        this.state.setU32(state.faultAccess, access);
        exit = Exit.fault;
      },
      trap: (vector) => { this.state.pc = at; this.state.setU32(state.trapVector, vector); exit = Exit.trap; },
      budget: () => { exit = Exit.budget; },
    });
    return call ? (this.#cpu.onSyscall(this) ? undefined : Exit.syscall) : exit;
  }

  fork(): Space {
    const child = new ScriptedSpace(this.#cpu);
    child.memory.ensure(this.memory.bytes.length);
    child.memory.perms.set(this.memory.perms);
    child.state.restore(this.state.save());
    const { perms, bytes } = this.memory;
    for (let page = 0; page < bytes.length / PAGE_SIZE; page++) if (perms[page] !== 0) child.memory.bytes.set(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), page * PAGE_SIZE);
    child.level = this.level;
    return child;
  }

  readonly invalidated: [number, number][] = [];
  invalidate(address: number, length: number): void { this.invalidated.push([address, length]); }
  readonly files: [number, number, string][] = [];
  timestamp(): bigint { return 0n; }
  noteFile(address: number, length: number, identity: string): void { this.files.push([address, length, identity]); }
  release(): void { this.released = true; }
}

export class ScriptedCpu implements Cpu {
  program: readonly Step[] = [];
  onSyscall: SyscallHandler = () => true;
  readonly spaces: ScriptedSpace[] = [];
  createSpace(): Space {
    const space = new ScriptedSpace(this);
    this.spaces.push(space);
    return space;
  }
  saveCache(): void {}
  stats(): string[] { return []; }
  readonly translatedMs = 0;
}
