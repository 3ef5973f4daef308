// The switches of the translator: every one has a default, and turning one off bisects a bug.
import { RECORDS_BASE, RECORDS_END, type Level } from '../guest/index.ts';

export interface TranslatorOptions {
  /** What emitted code of new spaces checks. */
  readonly level: Level;
  /** tiered: interpret, translate what is hot; interpret: never translate; translate: translate everything at first sight. */
  readonly mode: 'tiered' | 'interpret' | 'translate';
  /** A block entered this many times is hot; blocks of its region with an eighth of it are translated with it. */
  readonly threshold: number;
  /** Block entries between the first hot block and translating: one or two milliseconds, about what a module costs whatever is in it. */
  readonly collect: number;
  /** Longest basic block, in instructions. */
  readonly blockLimit: number;
  /** Bytes of the record window that are used; when they are full, decoding begins again. */
  readonly records: number;
  /** Use and fill the translation cache. */
  readonly cache: boolean;
  /** Memories kept for the next process. */
  readonly pool: number;
}

export const defaultOptions: TranslatorOptions = { level: 'stores', mode: 'tiered', threshold: 4000, collect: 60_000, blockLimit: 64, records: RECORDS_END - RECORDS_BASE, cache: true, pool: 8 };
