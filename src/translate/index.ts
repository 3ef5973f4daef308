// The translator: implements the Cpu port of guest/cpu.ts.
export { createCpu, type CpuConfig } from './cpu.ts';
export { hubFile } from './hub-file.ts';
export { defaultOptions, type TranslatorOptions } from './options.ts';
