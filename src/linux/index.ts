// The mechanisms of Linux: tasks, scheduling, signals, address spaces, futexes, files.
export * from './address-space.ts';
export * from './credentials.ts';
export * from './files/index.ts';
export * from './fs-context.ts';
export * from './futex.ts';
export * from './kernel.ts';
export * from './limits.ts';
export * from './pending-signals.ts';
export * from './regions.ts';
export * from './scheduler.ts';
export * from './shared-memory.ts';
export * from './task.ts';
export * from './timers.ts';
export * from './trace.ts';
export * from './tty/index.ts';
