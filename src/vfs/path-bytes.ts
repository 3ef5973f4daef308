// A path as bytes where they lie: in guest memory, or in a buffer made from text.

/** bytes[start, end), without the NUL. `view` shows the same buffer from the same offset. The bytes stay while a call runs. */
export interface PathBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** A path as latin1 text or as bytes. */
export type PathLike = string | PathBytes;

export const isEmptyPath = (path: PathLike): boolean => (typeof path === 'string' ? path === '' : path.start === path.end);
export const isAbsolutePath = (path: PathLike): boolean => (typeof path === 'string' ? path.startsWith('/') : path.start < path.end && path.bytes[path.start] === 47);

/** Text as bytes, in a buffer of its own that is used again and again; `release` gives it back. Walks may lie inside walks. */
export class PathBuffer implements PathBytes {
  static #free: PathBuffer[] = [];
  readonly bytes = new Uint8Array(4096);
  readonly view = new DataView(this.bytes.buffer);
  readonly start = 0;
  end = 0;

  /** A buffer that holds `text`, at most 4096 chars. */
  static of(text: string): PathBuffer {
    const buffer = PathBuffer.#free.pop() ?? new PathBuffer();
    for (let i = 0; i < text.length; i++) buffer.bytes[i] = text.charCodeAt(i);
    buffer.end = text.length;
    return buffer;
  }

  release(): void { PathBuffer.#free.push(this); }
}
