// bzip2 unpacked block by block: Huffman codes, move to front, the Burrows-Wheeler transform, runs; every block's and stream's check.
type Chunks = AsyncIterable<Uint8Array>;

/** Damage. */
export class Bzip2Error extends Error { readonly code = 'BZIP2'; }

/** No block takes more, packed: 900,000 symbols of 20 bits, and its tables. */
const LARGEST_BLOCK = 5 << 19;
const BLOCK_MAGIC = 0x3141_5926_5359, END_MAGIC = 0x1772_4538_5090;
const GROUP = 50, LONGEST_CODE = 20, RUN_A = 0, RUN_B = 1;

function demand(holds: boolean, what: string): asserts holds { if (!holds) throw new Bzip2Error(what); }

/** The bits of a source, the highest of a byte first. What is read at once must have been asked for with `ensure`. */
class Bits {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;
  #bits = 0;
  #count = 0;

  constructor(source: Chunks) { this.#source = source[Symbol.asyncIterator](); }

  async ensure(bytes: number): Promise<void> {
    if (this.#held.length - this.#at >= bytes || this.#ended) return;
    const pieces = [this.#held.subarray(this.#at)];
    for (let have = pieces[0]!.length; have < bytes && !this.#ended;) {
      const { value, done } = await this.#source.next();
      if (done) this.#ended = true;
      else {
        pieces.push(value);
        have += value.length;
      }
    }
    this.#held = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    pieces.reduce((at, piece) => { this.#held.set(piece, at); return at + piece.length; }, 0);
    this.#at = 0;
  }

  /** Up to 24. */
  take(count: number): number {
    while (this.#count < count) {
      demand(this.#at < this.#held.length, 'the data ends too soon');
      this.#bits = ((this.#bits & 0xff_ffff) << 8) | this.#held[this.#at++]!;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  take48(): number { return this.take(24) * 2 ** 24 + this.take(24); }
  take32(): number { return this.take(16) * 2 ** 16 + this.take(16); }
  /** Leaves the rest of a byte. */
  align(): void { this.#count -= this.#count % 8; }
  get atEnd(): boolean { return this.#ended && this.#at === this.#held.length && this.#count < 8; }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let k = 0; k < 8; k++) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});

/** One Huffman code: how many codes of each length there are, and the symbols in their order. */
interface Code { readonly counts: Uint16Array; readonly symbols: Uint16Array }

function readCode(bits: Bits, symbols: number): Code {
  let length = bits.take(5);
  const lengths = Array.from({ length: symbols }, () => {
    for (;;) {
      demand(length >= 1 && length <= LONGEST_CODE, 'a code is too long');
      if (bits.take(1) === 0) return length;
      length += bits.take(1) === 0 ? 1 : -1;
    }
  });
  const counts = new Uint16Array(LONGEST_CODE + 1);
  for (const of of lengths) counts[of]!++;
  return { counts, symbols: Uint16Array.from(lengths.map((_, symbol) => symbol).sort((a, b) => lengths[a]! - lengths[b]! || a - b)) };
}

function readSymbol(bits: Bits, { counts, symbols }: Code): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    code |= bits.take(1);
    const count = counts[length]!;
    if (code - count < first) return symbols[index + code - first]!;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  throw new Bzip2Error('a code that stands for nothing');
}

function usedBytes(bits: Bits): number[] {
  const groups = bits.take(16);
  return Array.from({ length: 16 }, (_, i) => ((groups >> (15 - i)) & 1 ? bits.take(16) : 0)).flatMap((group, i) => Array.from({ length: 16 }, (_, k) => ((group >> (15 - k)) & 1 ? [16 * i + k] : [])).flat());
}

/** Takes the element at a place to the front, and gives it. */
function toFront(list: number[], at: number): number {
  const [item] = list.splice(at, 1);
  demand(item !== undefined, 'a place that is not there');
  list.unshift(item);
  return item;
}

/** The last column of the sorted block, a byte each. */
function readColumn(bits: Bits, column: Uint32Array): number {
  const front = usedBytes(bits);
  const end = front.length + 1;
  const [codeCount, selectorCount] = [bits.take(3), bits.take(15)];
  demand(front.length > 0 && codeCount >= 2 && codeCount <= 6 && selectorCount > 0, 'a block is malformed');
  const order = Array.from({ length: codeCount }, (_, i) => i);
  const selectors = Array.from({ length: selectorCount }, () => {
    let at = 0;
    while (bits.take(1)) at++;
    return toFront(order, at);
  });
  const codes = Array.from({ length: codeCount }, () => readCode(bits, front.length + 2));
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let read = 0; ; read++) {
    const selector = selectors[Math.floor(read / GROUP)];
    demand(selector !== undefined, 'a block has no end');
    const symbol = readSymbol(bits, codes[selector]!);
    if (symbol === RUN_A || symbol === RUN_B) {
      run += weight << symbol;
      weight *= 2;
      demand(run <= column.length, 'a run is too long');
      continue;
    }
    demand(length + run < column.length + (symbol === end ? 1 : 0), 'a block is too long');
    if (run > 0) column.fill(front[0]!, length, length + run);
    length += run;
    run = 0;
    weight = 1;
    if (symbol === end) return length;
    column[length++] = toFront(front, symbol - 1);
  }
}

/** Undoes the sorting: each entry gets, above its byte, the place of the one that follows it. */
function link(column: Uint32Array, length: number): void {
  const starts = new Uint32Array(257);
  for (let i = 0; i < length; i++) starts[column[i]! + 1]!++;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1]! += starts[byte]!;
  for (let i = 0; i < length; i++) column[starts[column[i]! & 0xff]!++]! |= i << 8;
}

/** Bytes of a block with its runs of four and a count. */
function runs(column: Uint32Array, length: number, origin: number): Uint8Array {
  let out = new Uint8Array(length + 1024);
  let size = 0;
  let same = 0;
  let before = -1;
  let entry = column[origin]!;
  for (let i = 0; i < length; i++) {
    entry = column[entry >>> 8]!;
    const byte = entry & 0xff;
    const count = same === 4 ? byte : 1;
    if (size + count > out.length) {
      const larger = new Uint8Array(2 * out.length + count);
      larger.set(out);
      out = larger;
    }
    out.fill(same === 4 ? before : byte, size, size + count);
    size += count;
    same = same === 4 ? 0 : byte === before ? same + 1 : 1;
    before = same === 0 ? -1 : byte;
  }
  return out.subarray(0, size);
}

function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ crcTable[((crc >>> 24) ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

function block(bits: Bits, column: Uint32Array): { readonly bytes: Uint8Array; readonly crc: number } {
  const crc = bits.take32();
  if (bits.take(1)) throw new Bzip2Error('blocks of bzip2 before 0.9.5 are not supported');
  const origin = bits.take(24);
  const length = readColumn(bits, column);
  demand(origin < length, 'a block has no beginning');
  link(column, length);
  const bytes = runs(column, length, origin);
  demand(crcOf(bytes) === crc, 'the content is not what its check says');
  return { bytes, crc };
}

async function* stream(bits: Bits): Chunks {
  demand(bits.take(24) === 0x42_5a68, 'it does not begin as bzip2');
  const level = bits.take(8) - 0x30;
  demand(level >= 1 && level <= 9, 'it does not begin as bzip2');
  const column = new Uint32Array(level * 100_000);
  let combined = 0;
  for (;;) {
    await bits.ensure(LARGEST_BLOCK);
    const magic = bits.take48();
    if (magic === END_MAGIC) break;
    demand(magic === BLOCK_MAGIC, 'what follows is no block');
    const { bytes, crc } = block(bits, column);
    combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0;
    yield bytes;
  }
  demand(bits.take32() === combined, 'the blocks are not those that the stream had');
  bits.align();
}

/** The unpacked bytes. Throws Bzip2Error for what is no whole bzip2 file. */
export async function* unbzip2(source: Chunks): Chunks {
  const bits = new Bits(source);
  do {
    await bits.ensure(LARGEST_BLOCK);
    yield* stream(bits);
    await bits.ensure(1);
  } while (!bits.atEnd);
}
