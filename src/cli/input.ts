// What verbs are given: archives to read, from a file or standard input, and names.
import { createReadStream, fstatSync, openSync } from 'node:fs';
import { ImageError, parseReference, type Reference } from '../oci/index.ts';
import type { Terminal } from './verb.ts';

/** What docker's client says of words that it does not send on; `code` is stable. */
export class InputError extends Error { readonly code = 'INPUT'; }

/** A name that an image shall get. Throws InputError in the words of docker's client, `before` before them. */
export function demandName(name: string, before = ''): Reference {
  try { return parseReference(name); } catch (error) { throw error instanceof ImageError ? new InputError(before + error.message) : error; }
}

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
