// The processor: the hub module, the pool of memories, and what spaces share.
import { compile } from './wasm/compile.ts';
import { assert } from '../base/index.ts';
import { Exit, state, type Cpu, type FileBytes, type GuestMemory, type Level, type Space, type SyscallHandler } from '../guest/index.ts';
import type { CacheStore } from '../host/ports.ts';
import type { FileRange } from './cache.ts';
import type { Promotion } from './promote.ts';
import type { Blocks, Decode, HandlerIndex } from './interp/blocks.ts';
import { TranslationCache } from './cache.ts';
import { buildHub, readHub } from './interp/build.ts';
import { Vessel } from './interp/vessel.ts';
import { type TranslatorOptions, defaultOptions } from './options.ts';
import { mappedBytes, wipe, wipeAround } from './pages.ts';
import { Registry, type RegionModule } from './registry.ts';
import { GuestSpace } from './space.ts';
import { hostNansAreExact } from './ir/host-nan.ts';
import { decode, table } from './x86/index.ts';
import './x87/index.ts';

export interface CpuConfig {
  /** The prebuilt hub (tools/build-hub); without it, or when it was built from other rows, it is generated now, which takes about a second. */
  readonly hub?: Uint8Array;
  readonly options?: Partial<TranslatorOptions>;
  /** Where translations are kept between runs. */
  readonly cache?: CacheStore;
  /** Names the build of the translator: translations kept by another one are not read. */
  readonly version?: string;
  /** Takes every translated module as text (--dump). */
  readonly dump?: (name: string, text: string) => void;
  /** Lines of --trace=jit. */
  readonly trace?: (line: string) => void;
  /** The time stamp counter. Without it every reading is 1000 ticks after the one before: the same in every run. */
  readonly timestamp?: () => bigint;
  /** Milliseconds, for the times in --stats. */
  readonly nowMs?: () => number;
}

/** A counter that only readings move. */
function countingTicks(): () => bigint {
  let ticks = 0n;
  return () => (ticks += 1000n);
}

/** Names the content of the hub: it changes with every row. FNV-1a over every 16th byte, 32 bits. */
function hash(bytes: Uint8Array): string {
  let value = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < bytes.length; i += 16) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return (value >>> 0).toString(16);
}

/** Counters of --stats. */
export class Counters {
  spaces = 0;
  forks = 0;
  memories = 0;
  /** Programs that began where the same one ran before. */
  again = 0;
  blocks = 0;
  invalidations = 0;
  stackRestarts = 0;
  windowsFull = 0;
  modules = 0;
  instances = 0;
  regions = 0;
  guestInstructions = 0;
  wasmBytes = 0;
  translateMs = 0;
  /** Modules that V8 did not take. */
  refused = 0;
}

/** What an ended program leaves in its memory. */
export interface Former { readonly memory: GuestMemory; readonly blocks: Blocks; readonly unchanged: readonly FileBytes[]; readonly files: readonly FileRange[]; readonly level: Level }

interface Pooled { readonly vessel: Vessel; readonly former: Former }

/** Whether these bytes are those of the file's code. */
const contains = ({ start, end, identity, offset }: FileBytes, file: FileRange): boolean =>
  start <= file.address && end >= file.end && file.identity === `${identity}@${offset + file.address - start}`;

/** A memory in which more than this is mapped, in bytes, is not kept for the next process. */
const POOLED_LIMIT = 0x400_0000;

/** Block entries in a memory that is about to be lost from which on the profiles of its files are told. */
export const WORTH_TELLING = 50_000;

export class TranslatingCpu implements Cpu {
  onSyscall: SyscallHandler = () => false;
  readonly options: TranslatorOptions;
  readonly handlers: HandlerIndex;
  readonly decode: Decode = decode;
  readonly counters = new Counters();
  readonly registry: Registry;
  readonly cache: TranslationCache;
  readonly trace: ((line: string) => void) | undefined;
  readonly nowMs: () => number;
  readonly timestamp: () => bigint;
  /** Entries of a block between two looks at its count. */
  readonly grant: number;
  /** Entries from which a block is translated with its region. */
  readonly warm: number;
  readonly #hub: WebAssembly.Module;
  /** Memories for the next processes, each with how to clean it. */
  readonly #dump: CpuConfig['dump'];
  readonly #pool: Pooled[] = [];
  /** The levels that programs came to need, by identity: they begin with it the next time. */
  readonly #levels = new Map<string, Level>();

  constructor(config: CpuConfig) {
    this.options = { ...defaultOptions, ...config.options };
    this.trace = config.trace;
    this.#dump = config.dump;
    this.nowMs = config.nowMs ?? (() => 0);
    this.timestamp = config.timestamp ?? countingTicks();
    this.grant = Math.max(1, this.options.threshold >> 3);
    this.warm = this.options.mode === 'translate' ? 0 : this.grant;
    let file = config.hub ?? buildHub(table);
    let handlers = readHub(file, table);
    if (handlers === undefined) {
      this.trace?.('the prebuilt hub was made from other instruction rows: building one now');
      file = buildHub(table);
      handlers = readHub(file, table);
    }
    assert(handlers !== undefined, 'a hub just built is not readable');
    this.handlers = handlers;
    this.#hub = compile(file);
    this.registry = new Registry();
    this.cache = new TranslationCache(this.options.cache ? config.cache : undefined, () => `${config.version ?? ''} ${hash(file)} ${hostNansAreExact()}`, this.registry);
  }

  createSpace(program?: string): Space {
    this.counters.spaces++;
    const pooled = program === undefined ? undefined : this.#takeFormer(program);
    const level = (program === undefined ? undefined : this.#levels.get(program)) ?? this.options.level;
    if (pooled === undefined) return new GuestSpace(this, this.#vessel(), { level, program });
    this.#losing(pooled.former);
    wipeAround(pooled.former.memory, pooled.former.unchanged);
    this.counters.again++;
    return new GuestSpace(this, pooled.vessel, { level, program, former: pooled.former });
  }

  /** The memory where that program ran last. */
  #takeFormer(program: string): Pooled | undefined {
    const at = this.#pool.findLastIndex(({ former }) => former.unchanged.some(({ identity }) => identity === program));
    return at < 0 ? undefined : this.#pool.splice(at, 1)[0];
  }

  noteLevel(program: string, level: Level): void { this.#levels.set(program, level); }

  /** A copy of a space. */
  adopt(parent: GuestSpace): GuestSpace {
    this.counters.forks++;
    return new GuestSpace(this, this.#vessel(), { level: parent.level, parent });
  }

  #vessel(): Vessel {
    const pooled = this.#takeLeastWanted();
    if (pooled !== undefined) {
      const { memory, blocks } = pooled.former;
      this.#noteInterpreted(pooled.former);
      this.#losing(pooled.former);
      wipe(memory, blocks.end);
      return pooled.vessel;
    }
    this.counters.memories++;
    return new Vessel(this.#hub);
  }

  /** A pooled memory that holds nothing of a program; or the oldest one, when there are some. */
  #takeLeastWanted(): Pooled | undefined {
    const at = this.#pool.findLastIndex(({ former }) => former.unchanged.length === 0);
    if (at < 0 && this.#pool.length < this.options.pool / 2) return undefined;
    return this.#pool.splice(Math.max(0, at), 1)[0];
  }

  /** Takes a memory back; it is cleaned when it is needed again. */
  recycle(vessel: Vessel, former: Former): void {
    vessel.host = undefined;
    if (this.#pool.length >= this.options.pool || mappedBytes(former.memory) > POOLED_LIMIT) {
      this.#noteInterpreted(former);
      return this.#losing(former);
    }
    former.blocks.sleep(former.files.filter((file) => former.unchanged.some((bytes) => contains(bytes, file))));
    this.#pool.push({ vessel, former });
  }

  /** Tells the profiles what ran in this memory, if that is worth it. */
  #noteInterpreted({ blocks, files, level }: Former): void { if (blocks.untold >= WORTH_TELLING) this.cache.noteInterpreted(blocks, files, level); }

  /** The last chance to translate what programs in this memory ran. */
  #losing({ memory }: Former): void {
    this.cache.losing(memory, (profile) => {
      const module = this.translate(() => profile.translateInterpreted(), [], profile.level);
      if (module !== undefined) this.trace?.(`module of ${module.functions} regions that several processes ran, ${module.bytes.length} bytes`);
    });
  }

  /** Tells in the trace what was not an instruction. */
  traceTrap(space: Space): void {
    if (this.trace === undefined || space.state.u32(state.exit) !== Exit.trap || space.state.u32(state.trapVector) !== 6) return;
    const pc = space.state.pc;
    const bytes = [...space.memory.bytes.subarray(pc, pc + 15)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    this.trace(`unknown instruction at ${pc.toString(16)}: ${bytes}`);
  }

  /** A module that V8 refuses is a bug of the translator; the program goes on interpreted, and the trace tells. */
  #compiles(module: RegionModule): boolean {
    try {
      return module.module !== undefined;
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      this.counters.refused++;
      this.trace?.(`module refused: ${error.message}: ${[...module.entries.keys()].map((pc) => pc.toString(16)).join(' ')}`);
      return false;
    }
  }

  /** Takes a new module in, counts it, and notes its regions with the files they lie in. */
  translate(make: () => Promotion | undefined, files: readonly FileRange[], level: Level): RegionModule | undefined {
    const began = this.nowMs();
    const made = make();
    this.counters.translateMs += this.nowMs() - began;
    if (made === undefined || !this.#compiles(made.module)) return undefined;
    this.registry.add(made.module);
    this.cache.note(made.parts, files, level);
    this.counters.modules++;
    this.#dump?.(`module-${this.counters.modules}.txt`, made.text());
    this.counters.regions += made.module.functions;
    this.counters.guestInstructions += made.instructions;
    this.counters.wasmBytes += made.module.bytes.length;
    return made.module;
  }

  saveCache(): void {
    for (const { former } of this.#pool) this.#noteInterpreted(former);
    this.cache.save((use) => {
      const space = this.createSpace();
      try { use(space.memory); } finally { space.release(); }
    });
  }

  get translatedMs(): number { return this.counters.translateMs; }

  stats(): string[] {
    const c = this.counters;
    const perInstruction = c.guestInstructions === 0 ? 0 : c.wasmBytes / c.guestInstructions;
    return [
      `address spaces ${c.spaces} created, ${c.forks} forked, ${c.again} in the memory of the same program, ${c.memories} memories`,
      `translated ${c.guestInstructions} instructions in ${c.regions} regions, ${c.modules} modules (${this.cache.loaded} from the cache), ${c.instances} instances`,
      `WebAssembly ${c.wasmBytes} bytes, ${perInstruction.toFixed(1)} an instruction; translating took ${c.translateMs.toFixed(1)} ms`,
      `invalidations ${c.invalidations}, stack restarts ${c.stackRestarts}, record windows filled ${c.windowsFull}, modules refused ${c.refused}`,
    ];
  }
}

/** Makes a processor that interprets cold code and translates hot code. */
export function createCpu(config: CpuConfig = {}): Cpu { return new TranslatingCpu(config); }
