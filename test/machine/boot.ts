// Boots a machine on the scripted Cpu, with one program in a tmpfs.
import { O_RDWR, S_IFREG } from '../../src/abi/index.ts';
import type { Host } from '../../src/host/ports.ts';
import { createMachine } from '../../src/machine/index.ts';
import type { Machine, MachineConfig, MachineExit } from '../../src/machine/index.ts';
import { TmpFs } from '../../src/vfs/index.ts';
import { elf } from './elf-builder.ts';
import { ENTRY, ScriptedCpu } from './scripted-cpu.ts';
import type { Step } from './scripted-cpu.ts';

/** A program with a page of code and a page of data at 0x402000. */
export const DATA = 0x40_2000;
export const PROGRAM = elf([{ flags: 5, vaddr: ENTRY, bytes: new Uint8Array(4096).fill(0x90) }, { flags: 6, vaddr: DATA, bytes: new Uint8Array(64), memorySize: 0x3000 }], ENTRY);

export interface Booted { machine: Machine; cpu: ScriptedCpu; fs: TmpFs; lines: string[]; out: () => string; exit: () => MachineExit | undefined; clock: { ns: bigint } }

export function boot(program: readonly Step[], config: Partial<MachineConfig> = {}, files: Record<string, Uint8Array> = {}): Booted {
  const clock = { ns: 1_000_000_000n };
  const lines: string[] = [];
  const host: Host = {
    clock: { realtimeNs: () => 1_700_000_000_000_000_000n + clock.ns, monotonicNs: () => (clock.ns += 1000n) },
    random: { fill: (into) => { into.fill(7); } },
    loop: { soon: (step) => { setImmediate(step); }, later: (step, ns) => { const t = setTimeout(step, Number(ns / 1_000_000n)); return () => { clearTimeout(t); }; } },
    log: (line) => { lines.push(line); },
  };
  const fs = new TmpFs({ now: () => 0n, rootMode: 0o755 });
  for (const [name, bytes] of Object.entries({ prog: PROGRAM, ...files })) {
    const inode = fs.root.create!(name, { mode: S_IFREG | 0o755, uid: 0, gid: 0 });
    inode.open!(O_RDWR).write!(bytes, 0, true);
  }
  const cpu = new ScriptedCpu();
  cpu.program = program;
  let out = '';
  const machine = createMachine({
    host, cpu, rootFs: fs, io: { streams: { stdout: (b) => { out += new TextDecoder().decode(b); }, stderr: (b) => { out += new TextDecoder().decode(b); } } },
    config: { argv: ['/prog'], env: ['A=1'], cwd: '/', uid: 0, gid: 0, hostname: 'box', ...config },
  });
  return { machine, cpu, fs, lines, out: () => out, exit: () => machine.runUntilIdle(), clock };
}
