// The few globals of every JavaScript engine that lib.es2023 does not declare: WebAssembly and UTF-8 coding. Not seen by the browser build, which has them from DOM.

declare namespace WebAssembly {
  class Module { constructor(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer); }
  class Instance { constructor(module: Module, imports?: Imports); readonly exports: Record<string, unknown>; }
  class Memory { constructor(descriptor: { initial: number; maximum?: number; shared?: boolean }); readonly buffer: ArrayBuffer; grow(delta: number): number; }
  class Table { constructor(descriptor: { initial: number; maximum?: number; element: 'anyfunc' | 'externref' }); readonly length: number; get(index: number): unknown; set(index: number, value: unknown): void; grow(delta: number): number; }
  class Global { constructor(descriptor: { value: string; mutable?: boolean }, value?: unknown); value: any; }
  class RuntimeError extends Error {}
  class CompileError extends Error {}
  type Imports = Record<string, Record<string, unknown>>;
  function validate(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer): boolean;
}

declare class TextEncoder { encode(text?: string): Uint8Array; encodeInto(text: string, into: Uint8Array): { read: number; written: number }; }
declare class TextDecoder { constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }); decode(bytes?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string; }
