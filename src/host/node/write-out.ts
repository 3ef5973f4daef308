// Writes a stream of bytes to a file descriptor: one piece is written by the system while the next is made.
import { write } from 'node:fs';

/** Writes all of it, in order. The source may use a chunk's memory again when the next one is asked for. Throws what the system says (ENOSPC, EPIPE). */
export async function writeOut(fd: number, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) for (let done = 0; done < chunk.length;) done += await writeSome(fd, chunk, done);
}

const writeSome = (fd: number, chunk: Uint8Array, from: number): Promise<number> => new Promise((resolve, reject) => {
  write(fd, chunk, from, chunk.length - from, null, (error, written) => {
    if (!error) return resolve(written);
    // A pipe that does not block and is full: the reader is slower than we.
    if (error.code === 'EAGAIN') return void setTimeout(() => resolve(0), 1);
    reject(error);
  });
});
