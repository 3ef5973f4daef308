// Bytes at any offset, kept in pieces that exist only where something other than zero was written.
const PIECE = 1 << 16;
const zeros = new Uint8Array(PIECE);

export class SparseBytes {
  /** One past the last byte that was written. */
  end = 0;
  readonly #pieces = new Map<number, Uint8Array>();

  /** The bytes from `offset` to the end of its piece, to look at. */
  piece(offset: number): Uint8Array {
    const at = offset % PIECE;
    return (this.#pieces.get((offset - at) / PIECE) ?? zeros).subarray(at);
  }

  read(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const piece = this.piece(offset + done).subarray(0, into.length - done);
      into.set(piece, done);
      done += piece.length;
    }
  }

  write(offset: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      const at = (offset + done) % PIECE;
      const part = from.subarray(done, done + PIECE - at);
      this.#writePiece((offset + done - at) / PIECE, at, part);
      done += part.length;
    }
    this.end = Math.max(this.end, offset + from.length);
  }

  #writePiece(index: number, at: number, part: Uint8Array): void {
    let piece = this.#pieces.get(index);
    if (!piece) {
      if (part.every((byte) => byte === 0)) return;
      this.#pieces.set(index, piece = new Uint8Array(PIECE));
    }
    piece.set(part, at);
  }

  /** [offset, end) reads as zeros from here on; `end` stays. */
  clear(offset: number, end: number): void {
    for (let from = offset; from < Math.min(end, this.end);) {
      const at = from % PIECE;
      const to = Math.min(end, from - at + PIECE);
      this.#pieces.get((from - at) / PIECE)?.fill(0, at, at + to - from);
      from = to;
    }
  }
}
