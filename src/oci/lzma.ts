// HOT: LZMA, the coder inside xz: one chunk of LZMA2 at a time, from bytes that are all there. (bench: `xz -dc` of the same file; the format: LZMA SDK's lzma-specification, xz's file format 1.2.)

/** Damage; xz says where. */
export class LzmaError extends Error { readonly code = 'LZMA'; }

const HALF = 1024, TOP = 2 ** 24;
/** Where each model's probabilities begin. */
const IS_MATCH = 0, IS_REP = 192, IS_REP0 = 204, IS_REP1 = 216, IS_REP2 = 228, IS_REP0_LONG = 240, SLOT = 432, SPECIAL = 688, ALIGN = 803, LENGTH = 819, REP_LENGTH = LENGTH + 514, LITERAL = REP_LENGTH + 514;
/** Inside a model of lengths. */
const LOW = 2, MIDDLE = 130, HIGH = 258;
const LONGEST_CHUNK = 1 << 21;

export class Lzma {
  readonly #dictionary: number;
  /** What was unpacked last, at least a dictionary of it where there is so much. */
  #buffer = new Uint8Array(1 << 16);
  #end = 0;
  /** Bytes since the dictionary began, as far as they may be referred to. */
  #known = 0;
  /** Counts all of them: it chooses models. */
  #count = 0;
  #probabilities = new Uint16Array(LITERAL);
  #lc = 0;
  #lpMask = 0;
  #pbMask = 0;
  #state = 0;
  /** The last distances, less one. */
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  // The range coder.
  #from: Uint8Array = new Uint8Array(0);
  #at = 0;
  #range = 0;
  #code = 0;

  /** `dictionary`: its size in bytes. */
  constructor(dictionary: number) { this.#dictionary = dictionary; }

  forget(): void { this.#known = this.#count = 0; }

  /** New models: lc, lp and pb in one byte. */
  setProperties(byte: number): void {
    const [lc, lp, pb] = [byte % 9, Math.floor(byte / 9) % 5, Math.floor(byte / 45)];
    if (byte >= 225 || lc + lp > 4) throw new LzmaError('unknown properties');
    this.#lc = lc;
    this.#lpMask = (1 << lp) - 1;
    this.#pbMask = (1 << pb) - 1;
    this.#probabilities = new Uint16Array(LITERAL + (0x300 << (lc + lp)));
    this.resetState();
  }

  resetState(): void {
    this.#probabilities.fill(HALF);
    this.#state = this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  #makeRoom(size: number): void {
    const kept = Math.min(this.#end, this.#dictionary);
    if (this.#end + size <= this.#buffer.length) return;
    if (this.#buffer.length < 2 * kept + LONGEST_CHUNK) {
      const larger = new Uint8Array(Math.max(2 * this.#buffer.length, 2 * kept + LONGEST_CHUNK));
      larger.set(this.#buffer.subarray(this.#end - kept, this.#end));
      this.#buffer = larger;
    } else this.#buffer.copyWithin(0, this.#end - kept, this.#end);
    this.#end = kept;
  }

  #added(start: number): Uint8Array {
    const size = this.#end - start;
    this.#known = Math.min(this.#dictionary, this.#known + size);
    return this.#buffer.slice(start, this.#end);
  }

  /** A chunk that is not compressed. */
  copy(bytes: Uint8Array): Uint8Array {
    this.#makeRoom(bytes.length);
    const start = this.#end;
    this.#buffer.set(bytes, start);
    this.#end += bytes.length;
    this.#count += bytes.length;
    return this.#added(start);
  }

  /** A compressed chunk that unpacks to `size` bytes. Throws LzmaError. */
  unpack(from: Uint8Array, size: number): Uint8Array {
    this.#makeRoom(size);
    if (from.length < 5 || from[0] !== 0) throw new LzmaError('a chunk begins wrongly');
    this.#from = from;
    this.#at = 5;
    this.#range = 0xffff_ffff;
    this.#code = ((from[1]! << 24) | (from[2]! << 16) | (from[3]! << 8) | from[4]!) >>> 0;
    const start = this.#end;
    const end = start + size;
    while (this.#end < end) this.#symbol(start, end);
    if (this.#at !== from.length || this.#code !== 0) throw new LzmaError('a chunk ends wrongly');
    this.#count += size;
    return this.#added(start);
  }

  #bit(index: number): 0 | 1 {
    const probability = this.#probabilities[index]!;
    const bound = (this.#range >>> 11) * probability;
    let bit: 0 | 1;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
      bit = 0;
    } else {
      this.#range -= bound;
      this.#code -= bound;
      this.#probabilities[index] = probability - (probability >> 5);
      bit = 1;
    }
    if (this.#range < TOP) this.#next();
    return bit;
  }

  #next(): void {
    if (this.#at >= this.#from.length) throw new LzmaError('a chunk ends too soon');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#from[this.#at++]!) >>> 0;
  }

  /** A number of so many bits, the highest first. */
  #tree(base: number, bits: number): number {
    let m = 1;
    for (let i = 0; i < bits; i++) m = (m << 1) | this.#bit(base + m);
    return m - (1 << bits);
  }

  /** The same, the lowest first. */
  #reverseTree(base: number, bits: number): number {
    let m = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(base + m);
      m = (m << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #plainBits(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      value = (value << 1) | bit;
      if (this.#range < TOP) this.#next();
    }
    return value >>> 0;
  }

  #symbol(start: number, end: number): void {
    const position = this.#count + (this.#end - start);
    const posState = position & this.#pbMask;
    const known = this.#known + (this.#end - start);
    if (this.#bit(IS_MATCH + (this.#state << 4) + posState) === 0) return this.#literal(position, known);
    if (this.#bit(IS_REP + this.#state) === 0) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      const length = this.#length(LENGTH, posState);
      this.#state = this.#state < 7 ? 7 : 10;
      this.#rep0 = this.#distance(Math.min(length - 2, 3));
      return this.#match(length, known, end);
    }
    if (this.#bit(IS_REP0 + this.#state) === 0) {
      if (this.#bit(IS_REP0_LONG + (this.#state << 4) + posState) === 0) {
        this.#state = this.#state < 7 ? 9 : 11;
        return this.#match(1, known, end);
      }
    } else {
      this.#takeEarlier();
    }
    const length = this.#length(REP_LENGTH, posState);
    this.#state = this.#state < 7 ? 8 : 11;
    this.#match(length, known, end);
  }

  /** One of the distances before the last becomes the last. */
  #takeEarlier(): void {
    const last = this.#rep0;
    if (this.#bit(IS_REP1 + this.#state) === 0) this.#rep0 = this.#rep1;
    else {
      if (this.#bit(IS_REP2 + this.#state) === 0) this.#rep0 = this.#rep2;
      else {
        this.#rep0 = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = last;
  }

  #literal(position: number, known: number): void {
    const before = known > 0 ? this.#buffer[this.#end - 1]! : 0;
    const base = LITERAL + 0x300 * (((position & this.#lpMask) << this.#lc) + (before >> (8 - this.#lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      let matched = this.#buffer[this.#end - this.#rep0 - 1]!;
      while (symbol < 0x100) {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const bit = this.#bit(base + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(base + symbol);
    this.#buffer[this.#end++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #length(base: number, posState: number): number {
    if (this.#bit(base) === 0) return 2 + this.#tree(base + LOW + (posState << 3), 3);
    if (this.#bit(base + 1) === 0) return 10 + this.#tree(base + MIDDLE + (posState << 3), 3);
    return 18 + this.#tree(base + HIGH, 8);
  }

  #distance(lengthState: number): number {
    const slot = this.#tree(SLOT + (lengthState << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const distance = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return distance + this.#reverseTree(SPECIAL + distance - slot, bits);
    return distance + this.#plainBits(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }

  #match(length: number, known: number, end: number): void {
    const distance = this.#rep0 + 1;
    if (distance > known || distance > this.#dictionary) throw new LzmaError('a reference to what is not there');
    if (this.#end + length > end) throw new LzmaError('a chunk that is too long');
    for (let to = this.#end, last = to + length; to < last; to++) this.#buffer[to] = this.#buffer[to - distance]!;
    this.#end += length;
  }
}
