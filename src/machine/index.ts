// The machine: Cpu, Linux, system calls and a Host wired together.
export { createMachine } from './machine.ts';
export type { Machine, MachineConfig, MachineExit, MachineParts } from './machine.ts';
export type { BindMount } from './bind.ts';
export { StartError } from './spawn.ts';
