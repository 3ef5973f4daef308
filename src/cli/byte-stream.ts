// Bytes that are given piece by piece, as a source that is read piece by piece: the giver waits until its piece was taken.

interface Handed { readonly bytes: Uint8Array; taken(): void }

/** What `give` sends, as a stream; its failure is the stream's. When the reader stops early, `send` rejects. */
export async function* streamOf(give: (send: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>): AsyncGenerator<Uint8Array> {
  const waiting: Handed[] = [];
  let wake = (): void => {};
  let stopped = false;
  const send = (bytes: Uint8Array): Promise<void> => new Promise((taken, failed) => {
    if (stopped) return failed(new Error('nobody reads any more'));
    waiting.push({ bytes, taken });
    wake();
  });
  let ended = false;
  const giving = give(send).finally(() => { ended = true; wake(); });
  giving.catch(() => {});
  try {
    while (waiting.length > 0 || !ended) {
      const handed = waiting.shift();
      if (handed) {
        yield handed.bytes;
        handed.taken();
      } else await new Promise<void>((go) => { wake = go; });
    }
    await giving;
  } finally { stopped = true; }
}

/** The same bytes; `tell` hears how many have passed. */
export async function* counted(source: AsyncIterable<Uint8Array>, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    tell(bytes += chunk.length);
  }
}
