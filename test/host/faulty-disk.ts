// Files on a disk whose power is cut at a chosen moment: what was not synced may be there, missing, torn or out of order.
import type { RandomFile } from '../../src/host/ports.ts';

export class PowerCut extends Error {}

/** Numbers that look random and are the same in every run (xorshift32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = (seed * 2654435761) | 1;
  return (below) => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };
const SECTOR = 512;

/** Bytes that grow by doubling. */
class Content {
  #bytes: Uint8Array;
  size: number;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.size = bytes.length;
  }

  get bytes(): Uint8Array { return this.#bytes.subarray(0, this.size); }

  apply(change: Change): void {
    if ('size' in change) return this.#resize(change.size);
    if (change.at + change.bytes.length > this.size) this.#resize(change.at + change.bytes.length);
    this.#bytes.set(change.bytes, change.at);
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    } else if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }
}

export class FaultyDisk {
  /** Writes, truncations and syncs so far. */
  steps = 0;
  readonly #cutAt: number;
  readonly #capacity: number;
  readonly #files: FaultyFile[] = [];

  /** Throws PowerCut at the step `cutAt`, and ENOSPC when the files together would be larger than `capacity`. */
  constructor(cutAt = Infinity, capacity = Infinity) {
    this.#cutAt = cutAt;
    this.#capacity = capacity;
  }

  file(bytes: Uint8Array = new Uint8Array(0)): FaultyFile {
    const file = new FaultyFile(this, bytes);
    this.#files.push(file);
    return file;
  }

  step(): void { if (this.steps++ >= this.#cutAt) throw new PowerCut('the power was cut'); }

  demandRoom(bytes: number): void {
    if (bytes > 0 && this.#files.reduce((sum, file) => sum + file.size, bytes) > this.#capacity) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }
}

export class FaultyFile implements RandomFile {
  readonly #durable: Content;
  readonly #current: Content;
  #pending: Change[] = [];
  readonly #disk: FaultyDisk;
  constructor(disk: FaultyDisk, bytes: Uint8Array) {
    this.#disk = disk;
    this.#durable = new Content(bytes);
    this.#current = new Content(bytes);
  }

  get size(): number { return this.#current.size; }
  read(into: Uint8Array, offset: number): number {
    const piece = this.#current.bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  }

  /** The moment of the cut is after the write was given to the disk, so it may have happened. */
  #change(change: Change): void {
    this.#pending.push(change);
    this.#disk.step();
    this.#current.apply(change);
  }

  write(from: Uint8Array, offset: number): void {
    this.#disk.demandRoom(Math.max(0, offset + from.length - this.size));
    this.#change({ at: offset, bytes: from.slice() });
  }
  truncate(size: number): void {
    this.#disk.demandRoom(Math.max(0, size - this.size));
    this.#change({ size });
  }
  sync(): void {
    this.#disk.step();
    for (const change of this.#pending.splice(0)) this.#durable.apply(change);
  }
  close(): void {}

  /** What the disk holds when the power is back: each change since the last sync wholly, partly or not at all. */
  afterCut(random: (below: number) => number): Uint8Array {
    const content = new Content(this.#durable.bytes);
    for (const change of this.#pending) {
      const fate = random(3);
      if (fate === 0) continue;
      if (fate === 1 || 'size' in change) content.apply(change);
      else for (let at = 0; at < change.bytes.length; at += SECTOR) if (random(2)) content.apply({ at: change.at + at, bytes: change.bytes.subarray(at, at + SECTOR) });
    }
    return content.bytes;
  }
}
