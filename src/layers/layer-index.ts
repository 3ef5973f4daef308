// The index of one layer: its tar members in order, as columns of numbers and one block of text. Built once; opening it makes no object per member.
import type { Blob } from '../host/ports.ts';
import { checkSymlink, entryComponents, hardLinkComponents } from './entry-path.ts';
import { LayerError } from './errors.ts';
import { S_IFLNK, S_IFMT } from '../abi/index.ts';
import { tarEntries, type TarEntry } from './tar.ts';

/** Growing columns of numbers. */
export class NumberColumn {
  readonly #values: number[] = [];
  push(value: number): void { this.#values.push(value); }
  u32(): Uint32Array { return Uint32Array.from(this.#values); }
  f64(): Float64Array { return Float64Array.from(this.#values); }
}

export const ENTRY_HARD_LINK = 1;

/** As stored. Entry i's path is text[textStart[2i], textStart[2i+1]), its link text[textStart[2i+1], textStart[2i+2]). */
export interface LayerIndex {
  version: 1;
  count: number;
  text: string;
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
  xattrs: { entry: number; name: string; value: Uint8Array }[];
}

/** Reads all headers of a layer. Throws LayerError. */
export function indexLayer(tar: Blob): LayerIndex {
  const builder = new IndexBuilder();
  for (const entry of tarEntries(tar)) builder.add(entry);
  return builder.finish();
}

class IndexBuilder {
  readonly #text: string[] = [];
  #textLength = 0;
  #count = 0;
  readonly #columns = Object.fromEntries(['textStart', 'mode', 'flags', 'uid', 'gid', 'rdev', 'size', 'offset', 'mtimeSec', 'mtimeNs', 'extents'].map((name) => [name, new NumberColumn()])) as Record<
    'textStart' | 'mode' | 'flags' | 'uid' | 'gid' | 'rdev' | 'size' | 'offset' | 'mtimeSec' | 'mtimeNs' | 'extents', NumberColumn>;
  readonly #xattrs: LayerIndex['xattrs'] = [];

  add(entry: TarEntry): void {
    const components = entryComponents(entry.path);
    const link = entry.hardLink ? hardLinkComponents(entry.path, entry.link).join('/') : entry.link;
    if ((entry.mode & S_IFMT) === S_IFLNK) checkSymlink(entry.path, components, entry.link);
    for (const id of [entry.uid, entry.gid]) if (!(id >= 0 && id <= 0xffff_ffff)) throw new LayerError('corrupt-tar', `entry ${JSON.stringify(entry.path)} has an owner out of range: ${id}`);
    this.#addText(components.join('/'));
    this.#addText(link);
    const c = this.#columns;
    for (const name of ['mode', 'uid', 'gid', 'rdev', 'size', 'offset', 'mtimeSec', 'mtimeNs'] as const) c[name].push(entry[name]);
    c.flags.push(entry.hardLink ? ENTRY_HARD_LINK : 0);
    for (const { at, length } of entry.extents ?? []) for (const value of [this.#count, at, length]) c.extents.push(value);
    if (entry.extents?.length === 0) for (const value of [this.#count, 0, 0]) c.extents.push(value);
    for (const [name, value] of entry.xattrs ?? []) this.#xattrs.push({ entry: this.#count, name, value });
    this.#count++;
  }

  #addText(text: string): void {
    this.#columns.textStart.push(this.#textLength);
    this.#text.push(text);
    this.#textLength += text.length;
  }

  finish(): LayerIndex {
    const c = this.#columns;
    c.textStart.push(this.#textLength);
    return {
      version: 1, count: this.#count, text: this.#text.join(''), textStart: c.textStart.u32(), mode: c.mode.u32(), flags: c.flags.u32(), uid: c.uid.u32(), gid: c.gid.u32(), rdev: c.rdev.u32(),
      size: c.size.f64(), offset: c.offset.f64(), mtimeSec: c.mtimeSec.f64(), mtimeNs: c.mtimeNs.u32(), extents: c.extents.f64(), xattrs: this.#xattrs,
    };
  }
}
