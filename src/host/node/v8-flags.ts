// What V8 is told about compiling WebAssembly. These are hints: a V8 without one of the flags goes on as it is.
import { setFlagsFromString } from 'node:v8';

/**
 * Work done in a function, roughly in bytes of its code run, before V8 optimises it; a module keeps what was said when it was compiled. V8 11 says 1,800,000 and so compiles a second time most of what short programs run, in the
 * background but on the same two cores (V8 12 and later say 13,000,000). The interpreter's functions are worth it at once.
 */
const OPTIMISE_AFTER = { interpreter: 100_000, translated: 20_000_000 } as const;

/** Threads that optimise: on machines of two cores more of them take the time of the one that runs the guest. */
const OPTIMISERS = 1;

/** To be called before the hub is compiled, and again before translated code is. Not at the start of the process: what V8 compiled at the build is only read with the flags of the build. */
export function tuneFor(code: keyof typeof OPTIMISE_AFTER): void {
  // The build makes what V8 reads at the start.
  if (process.env['WHERRY_KEEP_CODE']) return;
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMISE_AFTER[code]}`);
  setFlagsFromString(`--wasm-num-compilation-tasks=${OPTIMISERS}`);
}
