// A command of a case as words, and what it reads from standard input.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Single quotes are a shell's; `< FILE` at the end is standard input. */
export function wordsOf(command: string, folder: string): { words: string[]; input: Uint8Array } {
  const [, line = '', file] = /^(.*?)(?: < (\S+))?$/.exec(command)!;
  const words = Array.from(line.matchAll(/(?:'([^']*)'|([^\s']+))+/g), ([word]) => word.replace(/'/g, ''));
  return { words, input: file === undefined ? new Uint8Array(0) : readFileSync(join(folder, file)) };
}
