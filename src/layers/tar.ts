// Reads the headers of an uncompressed tar, synchronously and without touching file contents: ustar, pax, GNU long names, base-256 numbers, sparse files.
import { makedev, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../abi/index.ts';
import { latin1 } from '../base/index.ts';
import type { Blob } from '../host/ports.ts';
import { LayerError } from './errors.ts';
import { BLOCK, numberAt, padded, parsePax, type PaxRecords, timeOf, untilNul, xattrsOf } from './tar-fields.ts';

/** Headers that name something are read into memory; none is honest beyond this. */
const META_LIMIT = 1 << 20;

/** Parts of a sparse file: `length` bytes at `at` of the file, one after the other in the tar. */
export interface Extent { at: number; length: number }

/** One member of a tar. Text is latin1: one char a byte. */
export interface TarEntry {
  path: string;
  /** Type and permission bits; 0 type never comes. Hard links have S_IFREG and `hardLink`. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSec: number;
  mtimeNs: number;
  rdev: number;
  /** Symbolic link target, or the path of a hard link's other name. */
  link: string;
  hardLink: boolean;
  /** Where the content begins in the tar. */
  offset: number;
  extents: Extent[] | undefined;
  xattrs: Map<string, Uint8Array> | undefined;
}

/** By type flag. D is GNU tar's directory of an incremental dump: what it holds is a list of names. */
const typeOfFlag: Readonly<Record<string, number>> = { '\0': S_IFREG, 0: S_IFREG, 1: S_IFREG, 2: S_IFLNK, 3: S_IFCHR, 4: S_IFBLK, 5: S_IFDIR, 6: S_IFIFO, 7: S_IFREG, S: S_IFREG, D: S_IFDIR };
/** Members that are no files and say nothing that is kept: volume labels, Solaris' access control lists. */
const skipped = 'VA';

/** Every member of the tar, in order. Throws LayerError 'corrupt-tar'. */
export function* tarEntries(blob: Blob): Generator<TarEntry> {
  const reader = new TarReader(blob);
  for (let entry = reader.next(); entry; entry = reader.next()) yield entry;
}

class TarReader {
  readonly #blob: Blob;
  readonly #window = new Uint8Array(64 * 1024);
  #windowStart = 0;
  #windowLength = 0;
  #at = 0;
  readonly #global: PaxRecords = new Map();

  constructor(blob: Blob) { this.#blob = blob; }

  #corrupt(what: string, at = this.#at): LayerError { return new LayerError('corrupt-tar', `${what} at offset ${at}`); }

  /** The bytes [at, at + length), from the window when they lie in it. Valid until the next call. */
  #bytes(at: number, length: number): Uint8Array {
    if (at + length > this.#blob.size) throw this.#corrupt('truncated tar: it ends in the middle of a member', at);
    if (length > this.#window.length) return this.#readAll(new Uint8Array(length), at);
    if (at < this.#windowStart || at + length > this.#windowStart + this.#windowLength) {
      this.#windowStart = at;
      this.#windowLength = Math.min(this.#window.length, this.#blob.size - at);
      this.#readAll(this.#window.subarray(0, this.#windowLength), at);
    }
    return this.#window.subarray(at - this.#windowStart, at - this.#windowStart + length);
  }

  #readAll(into: Uint8Array, at: number): Uint8Array {
    for (let got = 0; got < into.length;) {
      const n = this.#blob.read(into.subarray(got), at + got);
      if (n === 0) throw this.#corrupt('truncated tar: it ends in the middle of a member', at);
      got += n;
    }
    return into;
  }

  /** The next real member, with what the extension headers before it say. X is Solaris' name of x. */
  next(): TarEntry | undefined {
    const pax: PaxRecords = new Map(this.#global);
    let longName: string | undefined;
    let longLink: string | undefined;
    for (;;) {
      const header = this.#header();
      if (!header) return undefined;
      const flag = String.fromCharCode(header[156]!);
      const start = this.#at + BLOCK;
      if (flag === 'x' || flag === 'X') this.#parsePax(header, start, pax);
      else if (flag === 'g') {
        this.#parsePax(header, start, this.#global);
        for (const [key, value] of this.#global) pax.set(key, value);
      } else if (flag === 'L') longName = untilNul(this.#meta(header, start));
      else if (flag === 'K') longLink = untilNul(this.#meta(header, start));
      else if (!skipped.includes(flag)) return this.#member(header, flag, pax, longName, longLink);
      this.#at = start + padded(this.#size(header));
    }
  }

  #parsePax(header: Uint8Array, start: number, into: PaxRecords): void { parsePax(this.#meta(header, start), into, () => this.#corrupt('malformed pax header')); }

  #size(header: Uint8Array): number {
    const size = numberAt(header, 124, 12, () => this.#corrupt('malformed size'));
    if (size < 0) throw this.#corrupt('malformed size');
    return size;
  }

  /** A copy of the header block at #at, checked; undefined at the end of the archive. */
  #header(): Uint8Array | undefined {
    if (this.#at === this.#blob.size) return undefined;
    const header = this.#bytes(this.#at, BLOCK).slice();
    if (isZero(header)) {
      if (this.#at + 2 * BLOCK <= this.#blob.size && !isZero(this.#bytes(this.#at + BLOCK, BLOCK))) throw this.#corrupt('corrupt tar: a lone block of zeros, and more behind it');
      return undefined;
    }
    const stated = numberAt(header, 148, 8, () => this.#corrupt('malformed header'));
    let sum = 8 * 32;
    let signedSum = sum;
    for (let i = 0; i < BLOCK; i++) {
      if (i >= 148 && i < 156) continue;
      sum += header[i]!;
      signedSum += (header[i]! << 24) >> 24;
    }
    if (stated !== sum && stated !== signedSum) throw this.#corrupt('corrupt tar: header checksum is wrong');
    return header;
  }

  /** The content of an extension header. */
  #meta(header: Uint8Array, start: number): Uint8Array {
    const size = this.#size(header);
    if (size > META_LIMIT) throw this.#corrupt('extension header of more than 1 MiB');
    return this.#bytes(start, size).slice();
  }

  #member(header: Uint8Array, flag: string, pax: PaxRecords, longName: string | undefined, longLink: string | undefined): TarEntry {
    const type = typeOfFlag[flag];
    if (type === undefined) throw this.#corrupt(flag === 'M' ? 'a file that began in another volume' : `member of unknown type ${JSON.stringify(flag)}`);
    const bad = (): LayerError => this.#corrupt('malformed number');
    const text = (at: number, length: number): string => untilNul(header.subarray(at, at + length));
    const paxNumber = (key: string, otherwise: number): number => {
      const value = pax.get(key);
      if (value === undefined) return otherwise;
      if (!/^-?\d{1,19}$/.test(value)) throw bad();
      return Number(value);
    };
    const size = paxNumber('size', numberAt(header, 124, 12, bad));
    if (!(size >= 0 && Number.isSafeInteger(size))) throw bad();
    const prefix = text(257, 5) === 'ustar' && header[262] === 0 ? text(345, text(508, 4) === 'tar' ? 131 : 155) : '';
    const path = pax.get('path') ?? longName ?? (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
    const isFile = type === S_IFREG && flag !== '1';
    const mtime = timeOf(pax.get('mtime'), numberAt(header, 136, 12, bad), bad);
    const entry: TarEntry = {
      path, ...mtime, mode: (path.endsWith('/') && isFile && size === 0 ? S_IFDIR : type) | (numberAt(header, 100, 8, bad) & 0o7777),
      uid: paxNumber('uid', numberAt(header, 108, 8, bad)), gid: paxNumber('gid', numberAt(header, 116, 8, bad)), size: isFile ? size : 0,
      rdev: type === S_IFCHR || type === S_IFBLK ? makedev(paxNumber('SCHILY.devmajor', numberAt(header, 329, 8, bad)), paxNumber('SCHILY.devminor', numberAt(header, 337, 8, bad))) : 0,
      link: flag === '1' || flag === '2' ? pax.get('linkpath') ?? longLink ?? text(157, 100) : '', hardLink: flag === '1',
      offset: this.#at + BLOCK, extents: undefined, xattrs: xattrsOf(pax),
    };
    // A link or a directory may state a size and still has no content (only hard links of cpio-minded writers do otherwise).
    const content = isFile || flag === 'D' ? size : 0;
    if (entry.offset + content > this.#blob.size) throw this.#corrupt(`truncated tar: the content of ${JSON.stringify(path)} is cut off`);
    this.#at = entry.offset + padded(content);
    if (flag === 'S') this.#oldSparse(header, entry);
    else if (isFile) this.#paxSparse(entry, pax);
    return entry;
  }

  /** GNU's old sparse format: four extents in the header, 21 in each extension block before the content. */
  #oldSparse(header: Uint8Array, entry: TarEntry): void {
    const bad = (): LayerError => this.#corrupt('malformed sparse map', entry.offset);
    const extents: Extent[] = [];
    const take = (block: Uint8Array, at: number, count: number): void => {
      for (let i = 0; i < count; i++) if (block[at + 24 * i] !== 0) extents.push({ at: numberAt(block, at + 24 * i, 12, bad), length: numberAt(block, at + 24 * i + 12, 12, bad) });
    };
    take(header, 386, 4);
    const stored = entry.size;
    for (let more = header[482] !== 0; more;) {
      const block = this.#bytes(entry.offset, BLOCK);
      take(block, 0, 21);
      more = block[504] !== 0;
      entry.offset += BLOCK;
    }
    this.#at = entry.offset + padded(stored);
    entry.size = numberAt(header, 483, 12, bad);
    this.#setExtents(entry, extents, stored);
  }

  /** The pax sparse formats: 0.0 and 0.1 keep the map in records, 1.0 at the start of the content. */
  #paxSparse(entry: TarEntry, pax: PaxRecords): void {
    const real = pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size');
    if (real === undefined) return;
    entry.path = pax.get('GNU.sparse.name') ?? entry.path;
    let stored = entry.size;
    let numbers: number[];
    if (pax.get('GNU.sparse.major') === '1') {
      const before = entry.offset;
      numbers = this.#mapInContent(entry);
      stored -= entry.offset - before;
    } else numbers = (pax.get('GNU.sparse.map') ?? '').split(',').filter(Boolean).map(Number);
    entry.size = Number(real);
    const extents: Extent[] = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) extents.push({ at: numbers[i]!, length: numbers[i + 1]! });
    this.#setExtents(entry, extents, stored);
  }

  /** Pax sparse 1.0: decimal lines (a count, then pairs), padded to whole blocks. Moves the content's start past them. */
  #mapInContent(entry: TarEntry): number[] {
    let text = '';
    const next = (): number => {
      for (;;) {
        const end = text.indexOf('\n');
        if (end >= 0) {
          const value = Number(text.slice(0, end));
          text = text.slice(end + 1);
          return value;
        }
        text += latin1(this.#bytes(entry.offset, BLOCK));
        entry.offset += BLOCK;
      }
    };
    const count = next();
    if (!(count >= 0 && count < 1e6)) throw this.#corrupt('malformed sparse map', entry.offset);
    return Array.from({ length: 2 * count }, next);
  }

  #setExtents(entry: TarEntry, extents: Extent[], stored: number): void {
    let total = 0;
    let last = 0;
    for (const { at, length } of extents) {
      if (!(at >= last && length >= 0 && at + length <= entry.size)) throw this.#corrupt('malformed sparse map', entry.offset);
      last = at + length;
      total += length;
    }
    if (total > stored || !(entry.size >= 0)) throw this.#corrupt('malformed sparse map', entry.offset);
    entry.extents = extents.filter((e) => e.length > 0);
  }
}

const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);
