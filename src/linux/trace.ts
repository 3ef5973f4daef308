// Trace lines by category: which categories are on, and where lines go; counts of calls, where they are asked for.
import { CallCounts } from './call-counts.ts';

export const traceCategories = ['syscall', 'signal', 'exec'] as const;
/** Asks for counts in the place of lines. */
export const COUNTS = 'counts';
export type TraceCategory = (typeof traceCategories)[number];

/** The categories asked for, and the sink of lines. */
export class CategoryTrace {
  readonly #on: ReadonlySet<string>;
  readonly #line: (line: string) => void;
  readonly syscall: boolean;
  readonly signal: boolean;
  readonly counts: CallCounts | undefined;
  /** Whether calls are watched at all. */
  readonly calls: boolean;

  constructor(on: Iterable<string>, line: (line: string) => void, nowNs: () => bigint) {
    this.#on = new Set(on);
    this.#line = line;
    this.syscall = this.#on.has('syscall');
    this.signal = this.#on.has('signal') || this.syscall;
    this.counts = this.#on.has(COUNTS) ? new CallCounts(nowNs) : undefined;
    this.calls = this.syscall || this.counts !== undefined;
  }

  has(category: TraceCategory): boolean { return this.#on.has(category); }
  /** The line of a call that blocked: printed as unfinished when another line comes before its end. */
  open: { text: string; owner: unknown; closed: () => void } | undefined;

  line(text: string): void {
    const { open } = this;
    if (open) {
      this.open = undefined;
      this.#line(open.text);
      open.closed();
    }
    this.#line(text);
  }

  /** Makes and prints the line only when the category is on. */
  say(category: TraceCategory, text: () => string): void { if (this.#on.has(category)) this.line(text()); }
}
