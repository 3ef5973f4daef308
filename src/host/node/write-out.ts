// Writes a stream of bytes to a file descriptor: one piece is written by the system while the next is made.
import { write } from 'node:fs';

/** Writes all of it, in order; the next chunk is asked for while one is written. Throws what the system says (ENOSPC, EPIPE). */
export async function writeOut(fd: number, source: AsyncIterable<Uint8Array>): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  for await (const chunk of source) {
    await writing;
    writing = writeAll(fd, chunk);
    // Its failure is met at the next turn.
    writing.catch(() => {});
  }
  await writing;
}

async function writeAll(fd: number, chunk: Uint8Array): Promise<void> { for (let done = 0; done < chunk.length;) done += await writeSome(fd, chunk, done); }

const writeSome = (fd: number, chunk: Uint8Array, from: number): Promise<number> => new Promise((resolve, reject) => {
  write(fd, chunk, from, chunk.length - from, null, (error, written) => {
    if (!error) return resolve(written);
    // A pipe that does not block and is full: the reader is slower than we.
    if (error.code === 'EAGAIN') return void setTimeout(() => resolve(0), 1);
    reject(error);
  });
});
