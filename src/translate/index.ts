// The translator: implements the Cpu port of guest/cpu.ts.
import './x86/index.ts';
import './x87/index.ts';
export { createCpu, type CpuConfig } from './cpu.ts';
export { buildHub } from './interp/build.ts';
export { defaultOptions, type TranslatorOptions } from './options.ts';
