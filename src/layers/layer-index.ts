// The index of one layer: its tar members in order, as columns of numbers and one block of text. Built once; opening it makes no object per member.
import type { Blob } from '../host/ports.ts';
import { checkSymlink, entryComponents, hardLinkComponents } from './entry-path.ts';
import { ByteColumn, NumberColumn, WordColumn, XattrBuilder, type XattrColumns } from './columns.ts';
import { LayerError } from './errors.ts';
import { S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';
import { tarEntries, type TarEntry } from './tar.ts';

export const ENTRY_HARD_LINK = 1;

/** As stored. Entry i's path is text[textStart[2i], textStart[2i+1]), its link text[textStart[2i+1], textStart[2i+2]). */
export interface LayerIndex {
  version: 2;
  count: number;
  text: Uint8Array;
  textStart: Uint32Array;
  mode: Uint32Array;
  flags: Uint32Array;
  uid: Uint32Array;
  gid: Uint32Array;
  rdev: Uint32Array;
  size: Float64Array;
  offset: Float64Array;
  mtimeSec: Float64Array;
  mtimeNs: Uint32Array;
  /** Rows of three: entry, where the extent lies in the file, its length. */
  extents: Float64Array;
  xattrs: XattrColumns;
}

/** Reads all headers of a layer. Throws LayerError. */
export function indexLayer(tar: Blob): LayerIndex {
  const builder = new IndexBuilder();
  for (const entry of tarEntries(tar)) builder.add(entry);
  return builder.finish();
}

/** What the layer's files and symbolic links hold, in bytes: Docker's size of a layer. */
export function contentSize({ count, flags, mode, size, textStart }: LayerIndex): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const kind = (flags[i]! & ENTRY_HARD_LINK) === 0 ? mode[i]! & S_IFMT : 0;
    if (kind === S_IFREG) sum += size[i]!;
    if (kind === S_IFLNK) sum += textStart[2 * i + 2]! - textStart[2 * i + 1]!;
  }
  return sum;
}

const wordColumns = ['mode', 'uid', 'gid', 'rdev', 'mtimeNs'] as const;
const numberColumns = ['size', 'offset', 'mtimeSec'] as const;

class IndexBuilder {
  readonly #text = new ByteColumn();
  readonly #textStart = new WordColumn();
  readonly #words = { mode: new WordColumn(), uid: new WordColumn(), gid: new WordColumn(), rdev: new WordColumn(), mtimeNs: new WordColumn() };
  readonly #numbers = { size: new NumberColumn(), offset: new NumberColumn(), mtimeSec: new NumberColumn() };
  readonly #flags = new WordColumn();
  readonly #extents = new NumberColumn();
  readonly #xattrs = new XattrBuilder();
  #count = 0;

  add(entry: TarEntry): void {
    const components = entryComponents(entry.path);
    const link = entry.hardLink ? hardLinkComponents(entry.path, entry.link).join('/') : entry.link;
    if ((entry.mode & S_IFMT) === S_IFLNK) checkSymlink(entry.path, entry.link);
    for (const id of [entry.uid, entry.gid]) if (!(id >= 0 && id <= 0xffff_ffff)) throw new LayerError('corrupt-tar', `entry ${JSON.stringify(entry.path)} has an owner out of range: ${id}`);
    this.#textStart.push(this.#text.text(components.join('/')));
    this.#textStart.push(this.#text.text(link));
    for (const name of wordColumns) this.#words[name].push(entry[name]);
    for (const name of numberColumns) this.#numbers[name].push(entry[name]);
    this.#flags.push(entry.hardLink ? ENTRY_HARD_LINK : 0);
    for (const { at, length } of entry.extents ?? []) this.#extent(at, length);
    if (entry.extents?.length === 0) this.#extent(0, 0);
    for (const [name, value] of entry.xattrs ?? []) this.#xattrs.add(this.#count, name, value);
    this.#count++;
  }

  #extent(at: number, length: number): void { for (const value of [this.#count, at, length]) this.#extents.push(value); }

  finish(): LayerIndex {
    this.#textStart.push(this.#text.length);
    const { mode, uid, gid, rdev, mtimeNs } = this.#words;
    const { size, offset, mtimeSec } = this.#numbers;
    return {
      version: 2, count: this.#count, text: this.#text.bytes(), textStart: this.#textStart.words(), mode: mode.words(), flags: this.#flags.words(), uid: uid.words(), gid: gid.words(), rdev: rdev.words(),
      size: size.numbers(), offset: offset.numbers(), mtimeSec: mtimeSec.numbers(), mtimeNs: mtimeNs.words(), extents: this.#extents.numbers(), xattrs: this.#xattrs.columns(),
    };
  }
}
