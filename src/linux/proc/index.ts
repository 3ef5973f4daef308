// Generated trees: /proc, /sys, /dev.
export * from './dev.ts';
export { freeBytes } from './machine-text.ts';
export * from './proc.ts';
export { descriptionLabel, processOfDirectory } from './process-files.ts';
export * from './sys.ts';
export * from './system-mounts.ts';
