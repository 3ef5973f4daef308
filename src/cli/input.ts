// Where an archive comes from that a verb reads: a file, or standard input.
import { createReadStream, fstatSync, openSync } from 'node:fs';
import type { Terminal } from './verb.ts';

/** What docker says when there is nothing to read; `code` is stable. */
export class InputError extends Error { readonly code = 'INPUT'; }

/** An archive to read. */
export interface Input { readonly chunks: AsyncIterable<Uint8Array>; /** In bytes; 0: nobody knows. */ readonly size: number }

const CHUNK = 1 << 20;

/** A file on the host. Throws what its file system says. */
export function fileInput(path: string): Input {
  const fd = openSync(path, 'r');
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw Object.assign(new Error('a directory is no archive'), { code: 'EISDIR', syscall: 'read', path });
  return { chunks: createReadStream(path, { fd, highWaterMark: CHUNK }), size: stat.isFile() ? stat.size : 0 };
}

/** Standard input, which must not be a terminal. Throws InputError. */
export function standardInput(verb: string, terminal: Terminal): Input {
  if (terminal.inIsTty) throw new InputError(`requested ${verb} from stdin, but stdin is empty`);
  return { chunks: process.stdin, size: 0 };
}
