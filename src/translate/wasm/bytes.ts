// A growing byte buffer with WebAssembly's encodings of numbers.
// HOT: every byte of emitted code passes through it.

export class Bytes {
  bytes: Uint8Array;
  length = 0;
  constructor(capacity = 256) { this.bytes = new Uint8Array(capacity); }

  #grow(need: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + need));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  u8(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  /** Unsigned LEB128 of a 32-bit number. */
  u32(value: number): void {
    value >>>= 0;
    while (value >= 128) {
      this.u8((value & 127) | 128);
      value >>>= 7;
    }
    this.u8(value);
  }

  /** Signed LEB128 of a 32-bit number. */
  s32(value: number): void {
    value |= 0;
    while (value < -64 || value > 63) {
      this.u8((value & 127) | 128);
      value >>= 7;
    }
    this.u8(value & 127);
  }

  /** Signed LEB128 of a 64-bit number in two halves. */
  s64(low: number, high: number): void {
    low |= 0;
    high |= 0;
    while (high !== low >> 31 || low < -64 || low > 63) {
      this.u8((low & 127) | 128);
      low = (low >>> 7) | (high << 25);
      high >>= 7;
    }
    this.u8(low & 127);
  }

  /** Four bytes, little-endian. */
  raw32(value: number): void {
    this.u8(value & 255); this.u8((value >>> 8) & 255); this.u8((value >>> 16) & 255); this.u8(value >>> 24);
  }

  /** A vector of bytes with its length before it. */
  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u32(encoded.length);
    this.append(encoded, encoded.length);
  }

  append(from: Uint8Array, length: number): void {
    if (this.length + length > this.bytes.length) this.#grow(length);
    this.bytes.set(length === from.length ? from : from.subarray(0, length), this.length);
    this.length += length;
  }

  /** The bytes written so far, as a copy. */
  take(): Uint8Array { return this.bytes.slice(0, this.length); }
}
