// Progress of long work as docker prints it: a line for each part, redrawn on a terminal (standard output, else standard error); plain lines on standard error elsewhere; all once the work takes long.
import { humanSize } from './columns.ts';
import type { Terminal } from './verb.ts';

/** One part of the work. `total` 0: nobody knows. */
export interface Part { readonly id: string; readonly action: string; readonly current: number; readonly total: number }

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly quiet: boolean;
  /** A clock in milliseconds. */
  readonly nowMs?: () => number;
  /** How long the work goes on without a word, in milliseconds. */
  readonly delayMs?: number;
}

const BAR = 50;
/** A terminal must be wider than this for the bar to be drawn. */
const BAR_FROM_COLUMNS = 110;
/** A part is drawn again after this time at the earliest. */
const REDRAW_MS = 100;
const DELAY_MS = 500;

/** `[===>    ]  1.2MB/3.4MB`, as docker's jsonmessage has it: the bar only where there is room. */
export function bar({ current, total }: Part, columns: number): string {
  if (current <= 0 && total <= 0) return '';
  const done = humanSize(current, 4).padStart(8);
  if (total <= 0) return done;
  const filled = Math.min(BAR, Math.floor(Math.floor((current / total) * 100) / 2));
  const drawn = columns > BAR_FROM_COLUMNS ? `[${'='.repeat(filled)}>${' '.repeat(BAR - filled)}] ` : '';
  return current > total ? `${drawn}${done}` : `${drawn}${done}/${humanSize(total, 4)}`;
}

/** Shows parts of one piece of work as they go on. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  /** The line of each part, counted from the first. */
  readonly #lines = new Map<string, number>();
  readonly #drawnMs = new Map<string, number>();
  /** The last of each part, until the work has taken long. */
  #held = new Map<string, Part>();

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#startedMs = this.#nowMs();
  }

  get #isLong(): boolean { return this.#nowMs() - this.#startedMs >= (this.#options.delayMs ?? DELAY_MS); }

  /** The part has come this far. */
  update(part: Part): void {
    if (this.#options.quiet) return;
    if (!this.#isLong) { this.#held.set(part.id, part); return; }
    this.#release();
    this.#show(part);
  }

  /** To be called at the end: parts that were held back are shown, if the work has taken long. */
  end(): void { if (this.#isLong) this.#release(); }

  #release(): void {
    const held = this.#held;
    this.#held = new Map();
    for (const part of held.values()) this.#show(part);
  }

  #show(part: Part): void {
    const { outIsTty, errIsTty } = this.#options.terminal;
    if (outIsTty || errIsTty) this.#draw(part);
    else if (isDone(part)) this.#tell(part);
  }

  #draw(part: Part): void {
    const now = this.#nowMs();
    if (!isDone(part) && now - (this.#drawnMs.get(part.id) ?? -Infinity) < REDRAW_MS) return;
    this.#drawnMs.set(part.id, now);
    const { terminal } = this.#options;
    const write = (text: string): void => (terminal.outIsTty ? terminal.out(text) : terminal.err(text));
    if (!this.#lines.has(part.id)) {
      this.#lines.set(part.id, this.#lines.size);
      write('\n');
    }
    const up = this.#lines.size - this.#lines.get(part.id)!;
    write(`\x1b[${up}A\x1b[2K\r${part.id}: ${part.action} ${bar(part, terminal.columns())}\r\x1b[${up}B`);
  }

  /** Each part once, when it is done, in a line of its own on standard error. */
  #tell({ id, action, current }: Part): void {
    if (this.#lines.has(id)) return;
    this.#lines.set(id, this.#lines.size);
    this.#options.terminal.err(`${id}: ${action} ${humanSize(current, 4).padStart(8)}\n`);
  }
}

/** The same chunks, counted for a line of progress; `total` 0: nobody knows. */
export async function* watched(chunks: AsyncIterable<Uint8Array>, progress: Progress, { id, action, total }: Omit<Part, 'current'>): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of chunks) {
    yield chunk;
    current += chunk.length;
    progress.update({ id, action, current, total });
  }
  if (total === 0) progress.update({ id, action, current, total: current });
  progress.end();
}

const isDone = ({ current, total }: Part): boolean => total > 0 && current >= total;
