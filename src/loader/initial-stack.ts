// The initial stack: argc, argv, envp, the auxiliary vector, and the strings they point to. System V ABI x86-64, 3.4.1.
import { auxTypes, E2BIG, USER_HZ } from '../abi/index.ts';
import { PAGE_SIZE, STACK_LIMIT } from '../guest/index.ts';
import type { AddressSpace } from '../linux/index.ts';

/** What the program finds besides its arguments. */
export interface StackRequest {
  argv: readonly string[];
  envp: readonly string[];
  /** AT_EXECFN. */
  path: string;
  random: Uint8Array;
  /** Further entries of the auxiliary vector: AT_PHDR, AT_ENTRY and so on. */
  aux: Partial<Record<keyof typeof auxTypes, number>>;
}

/** CPUID leaf 1 EDX of x86-64-v2: fpu … sse2, without apic, mtrr and what else only kernels use. */
const HWCAP = 0x078b_fbff;
const MAX_ARGUMENT_BYTES = STACK_LIMIT / 4;

/** Writes everything below `top`, and returns the initial rsp. Throws E2BIG. */
export function writeInitialStack(space: AddressSpace, top: number, request: StackRequest): number {
  const { argv, envp } = request;
  const total = [...argv, ...envp, request.path].reduce((sum, s) => sum + s.length + 1 + 8, 0);
  if (total > MAX_ARGUMENT_BYTES) throw E2BIG;
  space.coverStack(top - total - PAGE_SIZE);
  const stack = new StackWriter(space, top - 8);
  const execfn = stack.text(request.path);
  const envPtrs = stack.texts(envp);
  const envEnd = execfn;
  const argPtrs = stack.texts(argv);
  space.args = { start: argPtrs[0] ?? envPtrs[0] ?? envEnd, end: envPtrs[0] ?? envEnd, envEnd };
  const platform = stack.text('x86_64');
  const random = stack.bytes(request.random);
  const aux: [number, number][] = Object.entries({
    AT_PAGESZ: PAGE_SIZE, AT_CLKTCK: USER_HZ, AT_HWCAP: HWCAP, AT_HWCAP2: 0, AT_FLAGS: 0, AT_MINSIGSTKSZ: 2048, ...request.aux, AT_RANDOM: random, AT_EXECFN: execfn, AT_PLATFORM: platform, AT_NULL: 0,
  }).map(([name, value]) => [auxTypes[name as keyof typeof auxTypes], value]);
  space.auxv = new Uint8Array(BigUint64Array.from(aux.flat(), BigInt).buffer);
  return stack.words([argv.length, ...argPtrs, 0, ...envPtrs, 0, ...aux.flat()]);
}

/** Writes downwards from the top of the stack. */
class StackWriter {
  readonly #space: AddressSpace;
  #at: number;
  constructor(space: AddressSpace, at: number) { this.#space = space; this.#at = at; }

  bytes(bytes: Uint8Array): number {
    this.#at -= bytes.length;
    this.#space.memory.writable(this.#at, bytes.length).set(bytes);
    return this.#at;
  }

  /** A latin1 string and its NUL. */
  text(text: string): number {
    const bytes = new Uint8Array(text.length + 1);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return this.bytes(bytes);
  }

  /** Strings one after the other, the first at the lowest address, as /proc/[pid]/cmdline needs them. */
  texts(texts: readonly string[]): number[] {
    const pointers: number[] = [];
    for (let i = texts.length - 1; i >= 0; i--) pointers[i] = this.text(texts[i]!);
    return pointers;
  }

  /** 64-bit words, so that the first is 16-byte aligned. */
  words(words: readonly number[]): number {
    this.#at = (this.#at - 8 * words.length) & ~15;
    this.#space.memory.writable(this.#at, 8 * words.length);
    words.forEach((word, i) => { this.#space.memory.view.setBigUint64(this.#at + 8 * i, BigInt(word), true); });
    return this.#at;
  }
}
