// The translator proper: guest code to WebAssembly modules.
export { LEAVE, SLOW } from './emit-region.ts';
export { type CodeSource, type RegionLimits } from './discover.ts';
export { encode, translate, type Translation } from './module.ts';
export { makeRegion, type Region } from './region.ts';
export { regionText } from './dump.ts';
