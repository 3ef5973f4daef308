// The machine: Cpu, Linux, system calls and a Host wired together.
export { createMachine } from './machine.ts';
export type { Machine, MachineConfig, MachineParts, NetworkConfig, PublishedListener } from './machine.ts';
export type { Beside, MachineExit, ProcessIo } from './beside.ts';
export type { ProcessRequest } from './spawn.ts';
export { bindAll, MountError, type BindMount } from './bind.ts';
export { StartError } from './spawn.ts';
