// Trace lines by category: which categories are on, and where lines go.

export const traceCategories = ['syscall', 'signal', 'exec'] as const;
export type TraceCategory = (typeof traceCategories)[number];

/** The categories asked for, and the sink of lines. */
export class CategoryTrace {
  readonly #on: ReadonlySet<string>;
  readonly #line: (line: string) => void;
  readonly syscall: boolean;
  readonly signal: boolean;

  constructor(on: Iterable<string>, line: (line: string) => void) {
    this.#on = new Set(on);
    this.#line = line;
    this.syscall = this.#on.has('syscall');
    this.signal = this.#on.has('signal') || this.syscall;
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
