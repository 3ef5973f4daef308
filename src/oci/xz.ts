// xz (its file format 1.2) unpacked as it comes: streams one behind the other, blocks of LZMA2, every check that has a name here.
import { crc32 } from '../base/index.ts';
import type { Codecs } from '../host/ports.ts';
import { Lzma, LzmaError } from './lzma.ts';

type Chunks = AsyncIterable<Uint8Array>;

const LZMA2 = 0x21;
/** Dictionaries that nobody makes by chance are refused: they are memory here. In bytes. */
const LARGEST_DICTIONARY = 1 << 28;
/** Bytes of a check, by its number. */
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** Bytes of a source as many as are wanted. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  taken = 0;

  constructor(source: Chunks) { this.#source = source[Symbol.asyncIterator](); }

  async #fill(count: number): Promise<boolean> {
    while (this.#held.length < count) {
      const { value, done } = await this.#source.next();
      if (done) return false;
      const joined = new Uint8Array(this.#held.length + value.length);
      joined.set(this.#held);
      joined.set(value, this.#held.length);
      this.#held = joined;
    }
    return true;
  }

  async atEnd(): Promise<boolean> { return !await this.#fill(1); }

  async take(count: number): Promise<Uint8Array> {
    if (!await this.#fill(count)) throw new LzmaError('the data ends too soon');
    const bytes = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    this.taken += count;
    return bytes;
  }

  async byte(): Promise<number> { return (await this.take(1))[0]!; }
}

const u32 = (bytes: Uint8Array, at: number): number => (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
function demand(holds: boolean, what: string): void { if (!holds) throw new LzmaError(what); }
const sums = (bytes: Uint8Array, sum: number): boolean => crc32(bytes) >>> 0 === sum;

/** A number of seven bits a byte; returns it and where it ends. */
function variable(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at - from < 9; at++, scale *= 128) {
    value += (bytes[at]! & 0x7f) * scale;
    if (bytes[at]! < 0x80) return [value, at + 1];
  }
  throw new LzmaError('a number is malformed');
}

interface Check { update(bytes: Uint8Array): void; /** Of its bytes, in hexadecimal as they stand. */ hex(): string }

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const littleEndian = (words: readonly number[]): string => words.map((word) => hexOf(Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24))).join('');

/** CRC-64 (ECMA-182), reflected, in two halves. */
class Crc64 implements Check {
  static #table: Uint32Array | undefined;
  #low = 0xffff_ffff;
  #high = 0xffff_ffff;

  static get table(): Uint32Array {
    if (Crc64.#table) return Crc64.#table;
    const table = Crc64.#table = new Uint32Array(512);
    for (let i = 0; i < 256; i++) {
      let [low, high] = [i, 0];
      for (let k = 0; k < 8; k++) {
        const odd = low & 1;
        low = ((low >>> 1) | (high << 31)) >>> 0;
        high >>>= 1;
        if (odd) [low, high] = [(low ^ 0xd787_0f42) >>> 0, (high ^ 0xc96c_5795) >>> 0];
      }
      table[2 * i] = low;
      table[2 * i + 1] = high;
    }
    return table;
  }

  update(bytes: Uint8Array): void {
    const { table } = Crc64;
    let [low, high] = [this.#low, this.#high];
    for (const byte of bytes) {
      const at = 2 * ((low ^ byte) & 0xff);
      low = ((low >>> 8) | (high << 24)) ^ table[at]!;
      high = (high >>> 8) ^ table[at + 1]!;
    }
    [this.#low, this.#high] = [low, high];
  }

  hex(): string { return littleEndian([~this.#low, ~this.#high]); }
}

class Crc32 implements Check {
  #value = 0;
  update(bytes: Uint8Array): void { this.#value = crc32(bytes, this.#value); }
  hex(): string { return littleEndian([this.#value]); }
}

const checks: Readonly<Record<number, (codecs: Codecs) => Check>> = { 1: () => new Crc32(), 4: () => new Crc64(), 10: (codecs) => codecs.sha256() };

/** The dictionary's size that a block's header tells. */
function blockDictionary(header: Uint8Array): { readonly dictionary: number; readonly packed: number | undefined; readonly unpacked: number | undefined } {
  const flags = header[1]!;
  let at = 2;
  let packed: number | undefined;
  let unpacked: number | undefined;
  if (flags & 0x40) [packed, at] = variable(header, at);
  if (flags & 0x80) [unpacked, at] = variable(header, at);
  const [filter, sizeAt] = variable(header, at);
  if ((flags & 0x3f) !== 0 || filter !== LZMA2) throw new LzmaError('filters other than LZMA2 are not supported');
  const bits = header[sizeAt + 1]!;
  demand(header[sizeAt] === 1 && bits <= 40, 'a block header is malformed');
  const dictionary = bits === 40 ? 0xffff_ffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (dictionary > LARGEST_DICTIONARY) throw new LzmaError(`a dictionary of ${dictionary >>> 20} MiB is not supported`);
  return { dictionary, packed, unpacked };
}

/** Chunks of one block. */
async function* blockChunks(input: Input, dictionary: number): AsyncGenerator<Uint8Array> {
  const lzma = new Lzma(dictionary);
  let needsDictionary = true;
  let needsProperties = true;
  for (let control = await input.byte(); control !== 0; control = await input.byte()) {
    if (control === 1 || control >= 0xe0) {
      lzma.forget();
      needsDictionary = false;
    } else demand(!needsDictionary, 'the first chunk has no dictionary');
    if (control < 0x80) {
      demand(control <= 2, 'a chunk of an unknown kind');
      const size = await input.take(2);
      yield lzma.copy(await input.take((size[0]! << 8) + size[1]! + 1));
      continue;
    }
    const sizes = await input.take(4);
    const unpacked = ((control & 0x1f) << 16) + (sizes[0]! << 8) + sizes[1]! + 1;
    const packed = (sizes[2]! << 8) + sizes[3]! + 1;
    if (control >= 0xc0) {
      lzma.setProperties(await input.byte());
      needsProperties = false;
    } else {
      demand(!needsProperties, 'the first chunk has no properties');
      if (control >= 0xa0) lzma.resetState();
    }
    yield lzma.unpack(await input.take(packed), unpacked);
  }
}

/** The unpacked bytes. Throws LzmaError for what is no whole xz file. */
export async function* unxz(source: Chunks, codecs: Codecs): Chunks {
  const input = new Input(source);
  yield* stream(input, codecs, await input.take(12));
  while (await nextStream(input)) yield* stream(input, codecs, Uint8Array.of(0xfd, ...await input.take(11)));
}

/** Takes the zeros between streams, four at a time, and the first byte of the next one, if there is one. */
async function nextStream(input: Input): Promise<boolean> {
  const start = input.taken;
  while (!await input.atEnd()) {
    const byte = await input.byte();
    if (byte === 0) continue;
    demand(byte === 0xfd && (input.taken - 1 - start) % 4 === 0, 'what follows a stream is none');
    return true;
  }
  demand((input.taken - start) % 4 === 0, 'what follows a stream is none');
  return false;
}

/** One stream; its header was taken. */
async function* stream(input: Input, codecs: Codecs, head: Uint8Array): Chunks {
  demand([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0].every((byte, i) => head[i] === byte) && head[7]! < 16 && sums(head.subarray(6, 8), u32(head, 8)), 'a stream header is malformed');
  const kind = head[7]!;
  const blocks: [unpadded: number, unpacked: number][] = [];
  for (let size = await input.byte(); size !== 0; size = await input.byte()) {
    const start = input.taken - 1;
    const header = Uint8Array.of(size, ...await input.take(4 * size + 3));
    demand(sums(header.subarray(0, -4), u32(header, header.length - 4)), 'a block header is damaged');
    const said = blockDictionary(header.subarray(0, -4));
    const check = checks[kind]?.(codecs);
    const from = input.taken;
    let unpacked = 0;
    for await (const chunk of blockChunks(input, said.dictionary)) {
      unpacked += chunk.length;
      check?.update(chunk);
      yield chunk;
    }
    demand((said.packed ?? input.taken - from) === input.taken - from && (said.unpacked ?? unpacked) === unpacked, 'a block has another size than it says');
    const end = input.taken;
    for (const byte of await input.take((4 - ((end - from) % 4)) % 4)) demand(byte === 0, 'a block is followed by something');
    const stated = hexOf(await input.take(checkSizes[kind]!));
    demand(!check || check.hex() === stated, 'the content is not what its check says');
    blocks.push([end - start + checkSizes[kind]!, unpacked]);
  }
  await index(input, blocks, kind);
}

/** The index says the same of the blocks, and the footer the same of the index. */
async function index(input: Input, blocks: readonly (readonly [number, number])[], kind: number): Promise<void> {
  const bytes = [0];
  const number = async (): Promise<number> => {
    const from = bytes.length;
    do bytes.push(await input.byte()); while (bytes.at(-1)! >= 0x80 && bytes.length - from < 9);
    return variable(Uint8Array.from(bytes), from)[0];
  };
  demand(await number() === blocks.length, 'the index has another number of blocks');
  for (const [unpadded, unpacked] of blocks) demand(await number() === unpadded && await number() === unpacked, 'the index says something else of a block');
  while (bytes.length % 4 !== 0) bytes.push(await input.byte());
  const indexBytes = Uint8Array.from(bytes);
  demand(sums(indexBytes, u32(await input.take(4), 0)), 'the index is damaged');
  const footer = await input.take(12);
  demand(sums(footer.subarray(4, 10), u32(footer, 0)) && (u32(footer, 4) + 1) * 4 === indexBytes.length + 4 && footer[8] === 0 && footer[9] === kind && footer[10] === 0x59 && footer[11] === 0x5a, 'the footer is malformed');
}
