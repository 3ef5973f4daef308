// The form of one verb's row: its words, its flags and what it does.
import type { Flag, Parsed } from './flags.ts';

export interface Verb {
  /** What is said after `wherry`: one word (`run`), or a group and a word (`container prune`). */
  readonly name: string;
  /** Other names it is called by, in the same form: `['container ls', 'container ps']` of `ps`. */
  readonly aliases?: readonly string[];
  /** After `wherry NAME`, as help shows it. */
  readonly usage: string;
  readonly help: string;
  /** More lines below the help of the verb itself. */
  readonly details?: string;
  /** Not shown in help: for commands that start others. */
  readonly hidden?: true;
  /** Shown first in `wherry --help`. */
  readonly common?: true;
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

/** A word before verbs' own: `wherry container ls`. */
export interface Group { readonly name: string; readonly help: string; /** What an error says may follow the name. */ readonly usage?: string }

/** What a verb may use of the process it runs in; tests give their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  readonly inIsTty: boolean;
  /** How wide the terminal of standard output is, else that of standard error; 80 where there is none. */
  columns(): number;
  /** The next line of standard input without its end, undefined when there is none. */
  line(): Promise<string | undefined>;
}
