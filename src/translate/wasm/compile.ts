// The one place where bytes become a WebAssembly.Module.

/** Compiles (V8: validates now, compiles functions when they are first called). Throws WebAssembly.CompileError. */
export const compile = (bytes: Uint8Array): WebAssembly.Module => new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
