// The WebAssembly encoder.
export { Bytes } from './bytes.ts';
export { Code, loads, stores, valueType, VOID } from './code.ts';
export * from './expression.ts';
export { ModuleBuilder } from './module.ts';
export { listCode, listModule } from './text.ts';
