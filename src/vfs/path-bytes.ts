// A path as bytes where they lie: in guest memory, or in a buffer made from text.
import { PATH_MAX } from '../abi/index.ts';

/** bytes[start, end), and a NUL at `end`, which may be looked for only when it is asked for. `view` shows the same buffer from the same offset. The bytes stay while a call runs. */
export interface PathBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** A path as latin1 text or as bytes. */
export type PathLike = string | PathBytes;

export const isEmptyPath = (path: PathLike): boolean => (typeof path === 'string' ? path === '' : path.bytes[path.start] === 0);
export const isAbsolutePath = (path: PathLike): boolean => (typeof path === 'string' ? path.startsWith('/') : path.bytes[path.start] === 47);

/** Text as bytes, in a buffer of its own that is used again and again; `release` gives it back. Walks may lie inside walks. */
export class PathBuffer implements PathBytes {
  static #free: PathBuffer[] = [];
  readonly bytes = new Uint8Array(PATH_MAX);
  readonly view = new DataView(this.bytes.buffer);
  readonly start = 0;
  end = 0;

  /** A buffer that holds `text` of fewer than PATH_MAX chars. */
  static of(text: string): PathBuffer {
    const buffer = PathBuffer.#free.pop() ?? new PathBuffer();
    for (let i = 0; i < text.length; i++) buffer.bytes[i] = text.charCodeAt(i);
    buffer.end = text.length;
    buffer.bytes[text.length] = 0;
    return buffer;
  }

  release(): void { PathBuffer.#free.push(this); }
}
