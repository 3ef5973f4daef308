// Contents of answers that are small: documents and errors.
import type { HttpAnswer } from '../../host/ports.ts';
import { RegistryError } from './errors.ts';

/** The largest manifest that registries take. */
export const MANIFEST_LIMIT = 4 << 20;

/** The whole content. Throws RegistryError 'bad-content' beyond the limit. */
export async function bytesOfAnswer(answer: HttpAnswer, limit = MANIFEST_LIMIT): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body) {
    size += piece.length;
    if (size > limit) throw new RegistryError('bad-content', `a document of the registry has more than ${limit} bytes`);
    pieces.push(piece);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The content as text; what is broken off, or too long to be an error, is as good as empty. */
export async function textOf(answer: HttpAnswer): Promise<string> {
  try { return new TextDecoder().decode(await bytesOfAnswer(answer)); } catch { return ''; }
}

/** Gives the connection back. */
export async function drain(answer: HttpAnswer): Promise<void> { await textOf(answer); }

/** Bytes as a source that gives them in one piece. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> { yield bytes; }
