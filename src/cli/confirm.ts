// A question before something is lost.
import type { Terminal } from './verb.ts';

/** Asks; only y, in either case, is a yes. Without an answer it is a no. */
export async function confirm(question: string, terminal: Terminal): Promise<boolean> {
  terminal.out(`${question} [y/N] `);
  return (await terminal.line())?.trim().toLowerCase() === 'y';
}
