// The contract between the processor and Linux: memory, register state, flags, the Cpu port.
export * from './cpu.ts';
export * from './cpu-state.ts';
export * from './flags.ts';
export * from './layout.ts';
export * from './memory.ts';
export * from './state.ts';
