// The form of one verb's row: its words, its flags and what it does.
import type { Flag, Parsed } from './flags.ts';

export interface Verb {
  readonly name: string;
  /** After `wherry NAME`, as help shows it. */
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** How many words it takes: [least, most]. */
  readonly words: readonly [number, number];
  /** Flags may follow words (not for verbs that run a command). */
  readonly interspersed: boolean;
  /** Docker's exit code when this verb's own work fails: 125 for run, 1 for the others. */
  readonly failure: number;
  /** Returns the exit code. */
  run(parsed: Parsed, terminal: Terminal): Promise<number>;
}

/** What a verb may use of the process it runs in; tests give their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly inIsTty: boolean;
}
