// What V8 is told about compiling WebAssembly. Both are hints: a V8 without one of these flags goes on as it is.
import { setFlagsFromString } from 'node:v8';

/** Work done in a function, roughly in bytes of its code run, before V8 optimises it. V8 11 has 1,800,000, and compiled most of what short programs run a second time, in the background but on the same two cores; since V8 12 it is 13,000,000. */
const OPTIMISE_AFTER = 20_000_000;

/** Threads that optimise: on machines of two cores more of them take the time of the one that runs the guest. */
const OPTIMISERS = 1;

/** To be called before anything is compiled. Later than the start, as V8's own code cache is only read with the flags it was made with. */
export function tuneWebAssembly(): void {
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMISE_AFTER}`);
  setFlagsFromString(`--wasm-num-compilation-tasks=${OPTIMISERS}`);
}
