// Files of the page as streams: an archive that is read piece by piece, and a tar that goes to a file of the user's or into a Blob.

/** How far something is, in bytes; `total` 0: not known. */
export type Tell = (bytes: number, total: number) => void;

/** Progress is told so often, in bytes. */
const TELL_BYTES = 1 << 20;
/** A Blob is made of pieces of this size, which browsers may keep on disk. */
const GATHER_BYTES = 8 << 20;

const passes = (before: number, after: number): boolean => Math.floor(before / TELL_BYTES) !== Math.floor(after / TELL_BYTES);

/** A file's bytes, telling how far they were read. */
export async function* piecesOf(file: Blob, tell: Tell): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  let done = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const before = done;
      done += part.value.length;
      if (passes(before, done)) tell(done, file.size);
      yield part.value;
    }
  } finally { await reader.cancel(); }
}

/** Writes to the file; whole, or the file is as it was. */
async function intoFile(pieces: AsyncIterable<Uint8Array>, file: FileSystemFileHandle): Promise<null> {
  const writable = await file.createWritable();
  try {
    for await (const piece of pieces) await writable.write(piece as Uint8Array<ArrayBuffer>);
  } catch (error) {
    await writable.abort();
    throw error;
  }
  await writable.close();
  return null;
}

async function intoBlob(pieces: AsyncIterable<Uint8Array>): Promise<Blob> {
  const blobs: Blob[] = [];
  let gathered: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of pieces) {
    gathered.push(piece as Uint8Array<ArrayBuffer>);
    length += piece.length;
    if (length < GATHER_BYTES) continue;
    blobs.push(new Blob(gathered));
    gathered = [];
    length = 0;
  }
  return new Blob([...blobs, ...gathered], { type: 'application/x-tar' });
}

async function* telling(pieces: AsyncIterable<Uint8Array>, tell: Tell, total: number): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of pieces) {
    const before = done;
    done += piece.length;
    if (passes(before, done)) tell(done, total);
    yield piece;
  }
}

/** Sends a stream where the user wants it: to the file, or as the answer. */
export function deliver(pieces: AsyncIterable<Uint8Array>, into: FileSystemFileHandle | null, tell: Tell, total = 0): Promise<Blob | null> {
  const told = telling(pieces, tell, total);
  return into ? intoFile(told, into) : intoBlob(told);
}
