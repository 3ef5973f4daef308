// Verbs that take several names: each is done whatever becomes of the others, and the exit code tells whether all went well.
import { messageOf } from './errors.ts';
import type { Terminal } from './verb.ts';

/** Calls `act` for each word; prints the word when it went well, unless `act` returns false. Returns the words that failed. */
export async function forEachWord(words: readonly string[], terminal: Terminal, act: (word: string) => unknown): Promise<string[]> {
  const failed: string[] = [];
  const errors: string[] = [];
  for (const word of words) {
    try {
      if (await act(word) !== false) terminal.out(`${word}\n`);
    } catch (error) {
      failed.push(word);
      errors.push(messageOf(error));
    }
  }
  for (const error of errors) terminal.err(`${error}\n`);
  return failed;
}
