// Words of instructions with their variables replaced.
import { expand as expandWord, ImageError } from '../oci/index.ts';
import { BuildError } from './errors.ts';

type Lookup = (name: string) => string | undefined;

/** Throws BuildError 'BAD_WORD' in Docker's words. */
export function expand(text: string, variables: Lookup, escape: string, raw = false): string {
  try { return expandWord(text, variables, { escape, raw }); } catch (error) {
    throw error instanceof ImageError ? new BuildError('BAD_WORD', error.message) : error;
  }
}

const encoder = new TextEncoder();

/** UTF-8 bytes as latin1: how paths are kept. */
export const bytesOf = (text: string): string => String.fromCharCode(...encoder.encode(text));
