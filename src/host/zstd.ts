// Zstandard (RFC 8878) unpacked as it comes, by zstddec: libzstd as WebAssembly, the same in Node and in a page. Loaded when the first stream needs it.

type Chunks = AsyncIterable<Uint8Array>;

const PIECE = 4096;
/** The shortest frame without content: such a frame is a step that gives nothing. */
const LEAST_FRAME = 8;

/** Pieces of a source; its last two bytes come alone, so that the decoder has room for all that is left when it sees the end. */
async function* pieces(source: Chunks): Chunks {
  let held: Uint8Array = new Uint8Array(0);
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    if (held.length > 0) yield held;
    held = chunk;
    for (; held.length > PIECE; held = held.subarray(PIECE)) yield held.subarray(0, PIECE);
  }
  const end = Math.max(0, held.length - 2);
  for (const piece of [held.subarray(0, end), held.subarray(end, end + 1), held.subarray(end + 1)]) if (piece.length > 0) yield piece;
}

/** The unpacked bytes. Throws an Error for what is no whole zstd stream. */
export async function* unzstd(source: Chunks): Chunks {
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const queue: Uint8Array[] = [];
  const queued = function* (): Generator<Uint8Array> { while (queue.length > 0) yield queue.shift()!; };
  const output = decoder.decodeStreaming(queued());
  // Each step takes at most one piece from the queue, which must therefore hold the next one or be at its end.
  const input = pieces(source)[Symbol.asyncIterator]();
  let idle = 0;
  const fill = async (): Promise<void> => {
    if (queue.length > 0) return;
    const { value, done } = await input.next();
    if (done) return;
    queue.push(value);
    // Damage makes the decoder stand still: it then takes more steps that give nothing than the piece can have frames.
    idle = -value.length / LEAST_FRAME;
  };
  try {
    for (await fill(); ; await fill()) {
      const { value, done } = output.next();
      if (done) return;
      if (value.length > 0) yield value;
      else if (++idle > 16) throw new Error('invalid zstd data');
    }
  } finally { await input.return?.(undefined); }
}
