// The system-call table, its rows and codecs, and the entry from the processor.
export * from './codec.ts';
export { syscallsDocument } from './document.ts';
export { enterSyscall, trySyscall } from './entry.ts';
export * from './row.ts';
export { syscalls } from './table.ts';
