// gzip (RFC 1952) unpacked as it comes, for pages: a stream may have several members, one after the other, which DecompressionStream refuses. Loaded when the first stream needs it.

const OUTPUT = 256 * 1024;
/** 15 bits of window, and gzip's header. */
const GZIP_WINDOW = 15 + 16;

/** The unpacked bytes. Throws an Error for what is no whole gzip stream. */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { Z_BUF_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END, zlibInflate, zlibInflateInit2, zlibInflateReset, ZStream } = await import('pako');
  const stream = new ZStream();
  if (zlibInflateInit2(stream, GZIP_WINDOW) !== Z_OK) throw new Error('no memory to unpack gzip');
  /** Between members, or before the first. */
  let whole = false;
  for await (const chunk of source) {
    stream.input = chunk;
    stream.next_in = 0;
    stream.avail_in = chunk.length;
    for (let full = false; stream.avail_in > 0 || full;) {
      // What follows a member is another one, or filling that is ignored, as gzip(1) and zlib's users do.
      if (whole && stream.input[stream.next_in] !== 0x1f) return;
      if (whole) zlibInflateReset(stream);
      stream.output = new Uint8Array(OUTPUT);
      stream.next_out = 0;
      stream.avail_out = OUTPUT;
      const status = zlibInflate(stream, Z_NO_FLUSH);
      if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) throw new Error(stream.msg || 'invalid gzip data');
      if (stream.next_out > 0) yield stream.output.subarray(0, stream.next_out);
      whole = status === Z_STREAM_END;
      full = !whole && stream.avail_out === 0;
    }
  }
  if (!whole) throw new Error('unexpected end of gzip data');
}
