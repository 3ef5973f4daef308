// The translation cache: one consolidated module per file, address and level, kept through the CacheStore port. What does not check is ignored.
import type { CacheStore } from '../host/ports.ts';
import type { GuestMemory, Level } from '../guest/index.ts';
import type { Blocks } from './interp/blocks.ts';
import { Profile, type Scratch } from './profile.ts';
import type { Part } from './promote.ts';
import { type Piece, RegionModule, type Registry } from './registry.ts';

/** What a kept module says of itself; the bytes of its code and of the module follow. */
interface Header {
  readonly level: Level;
  /** Entry pcs and the numbers of their functions; and those where control came from outside. */
  readonly entries: readonly (readonly [number, number])[];
  readonly entered: readonly number[];
  readonly blocks: readonly number[];
  /** [address, length] of the code it was made from. */
  readonly pieces: readonly (readonly [number, number])[];
  readonly moduleBytes: number;
}

const MAGIC = 0x32_54_52_57;
const PREFIX = 12;

/** A hash of whole words, for damage, not for malice. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193) ^ (hash >>> 15);
  for (; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash >>> 0;
}

/** A module with its code and blocks as bytes: magic, checksum of the rest, length of the header, header as JSON, code, module. */
export function packModule(module: RegionModule): Uint8Array {
  const header: Header = {
    level: module.level, entries: [...module.entries], entered: [...module.entered], blocks: module.blocks,
    pieces: module.pieces.map(({ address, bytes }) => [address, bytes.length]), moduleBytes: module.bytes.length,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const total = PREFIX + text.length + module.pieces.reduce((sum, p) => sum + p.bytes.length, 0) + module.bytes.length;
  const out = new Uint8Array(total);
  out.set(text, PREFIX);
  let at = PREFIX + text.length;
  for (const { bytes } of module.pieces) { out.set(bytes, at); at += bytes.length; }
  out.set(module.bytes, at);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(8, text.length, true);
  view.setUint32(4, checksum(out.subarray(8)), true);
  return out;
}

/** The inverse; undefined for anything that is not whole. */
export function unpackModule(file: Uint8Array): RegionModule | undefined {
  if (file.length < PREFIX) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== checksum(file.subarray(8))) return undefined;
  const length = view.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(PREFIX, PREFIX + length))) as Header;
  let at = PREFIX + length;
  const pieces: Piece[] = header.pieces.map(([address, size]) => ({ address, bytes: file.subarray(at, at += size) }));
  return new RegionModule(file.subarray(at, at + header.moduleBytes), header.level, new Map(header.entries), pieces, header.blocks, new Set(header.entered));
}

const placeKey = (profile: Profile, place: number): string => `${profile.key} ${place}`;

/** Blocks that were entered less often since the last time say nothing to the profile of their file. */
const LEAST_NOTED = 16;

/** Where a file's code lies in a space. */
export interface FileRange { readonly address: number; readonly end: number; readonly identity: string }

export class TranslationCache {
  readonly #store: CacheStore | undefined;
  readonly #mark: () => string;
  #known = '';
  readonly #registry: Registry;
  readonly #profiles = new Map<string, Profile>();
  loaded = 0;
  saved = 0;

  /** `mark` names what made the modules: another one never reads them. */
  constructor(store: CacheStore | undefined, mark: () => string, registry: Registry) {
    this.#store = store;
    this.#mark = mark;
    this.#registry = registry;
  }

  /** The profile of a file at its address; what is kept of it joins the registry when it is asked for first. */
  profile(file: FileRange, level: Level): Profile {
    if (this.#known === '') this.#known = this.#mark();
    const key = `${this.#known} ${file.identity} ${file.address.toString(16)} ${level}`;
    let profile = this.#profiles.get(key);
    if (profile === undefined) {
      this.#profiles.set(key, profile = new Profile(key, level));
      this.#load(profile);
    }
    return profile;
  }

  #load(profile: Profile): void {
    for (let place = 0; ; place++) {
      const bytes = this.#store?.get(placeKey(profile, place));
      const found = bytes && unpackModule(bytes);
      if (found === undefined || found.level !== profile.level) return;
      profile.addKept(found);
      this.#registry.add(found);
      this.loaded++;
    }
  }

  /** Notes regions that were translated just now, by the files they lie in. */
  note(parts: readonly Part[], files: readonly FileRange[], level: Level): void {
    for (const part of parts) {
      const file = files.find((f) => part.entry >= f.address && part.entry < f.end);
      if (file !== undefined) this.profile(file, level).add(part);
    }
  }

  /** Tells the files' profiles what was interpreted in a memory since they were last told: code of programs that end soon gets warm over several of them. */
  noteInterpreted(blocks: Blocks, files: readonly FileRange[], level: Level): void {
    const known = files.map((file) => ({ file, profile: this.profile(file, level) }));
    let last = known[0];
    blocks.eachInterpreted(LEAST_NOTED, (pc, entries) => {
      if (last === undefined || pc < last.file.address || pc >= last.file.end) last = known.find(({ file }) => pc >= file.address && pc < file.end);
      last?.profile.addInterpreted(pc, entries);
    });
  }

  /** A program with these files has ended in the memory, which holds their code until it is cleaned. */
  noteSample(memory: GuestMemory, files: readonly FileRange[], level: Level): void {
    for (const file of files) this.profile(file, level).sample = memory;
  }

  /** Writes one module for every file with enough that is new. `scratch` lends an empty memory. */
  save(scratch: Scratch): void {
    const store = this.#store;
    if (store === undefined) return;
    for (const profile of this.#profiles.values()) {
      const modules = profile.modulesToKeep(scratch).filter(({ module }) => WebAssembly.validate(module.bytes as Uint8Array<ArrayBuffer>));
      for (const { place, module } of modules) store.put(placeKey(profile, place), packModule(module));
      // Whatever was kept behind the last one ends here.
      for (const { place } of modules.slice(-1)) store.put(placeKey(profile, place + 1), new Uint8Array(0));
      this.saved += modules.length;
    }
  }

  /** A memory is about to be cleaned: `translate` is asked for modules of files that lie in it and are worth one, and none is a sample any more. */
  losing(memory: GuestMemory, translate: (profile: Profile) => void): void {
    for (const profile of this.#profiles.values()) {
      if (profile.sample !== memory) continue;
      if (profile.isWorthTranslating) translate(profile);
      profile.sample = undefined;
    }
  }
}
