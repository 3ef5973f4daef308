// Containers: what `run` does with an image, a store and a machine.
export * from './errors.ts';
export * from './process-config.ts';
export * from './user.ts';
export * from './images.ts';
export * from './container.ts';
export * from './container-record.ts';
export * from './host-config.ts';
export * from './demand-host-config.ts';
export { capabilitySet, resourcesOf } from './confinement.ts';
export * from './containers.ts';
export { inventName } from './container-names.ts';
export * from './log.ts';
export { signalNumber } from './signal-names.ts';
export * from './published-ports.ts';
export type { PathStat } from './copy-files.ts';
export { changingOperations, type FileOperation, type FileOperationName, fileOperations } from './container-files.ts';
export * from './exec.ts';
