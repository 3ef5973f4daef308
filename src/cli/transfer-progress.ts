// Progress of pull and push as docker's client shows it: a line for each layer, redrawn on a terminal; elsewhere a line for each word that is no progress.
import type { TransferEvent } from '../oci/registry/index.ts';
import { bar } from './progress.ts';
import type { Terminal } from './verb.ts';

/** A layer is drawn again after this time at the earliest. */
const REDRAW_MS = 100;

export interface TransferOutput {
  readonly write: (text: string) => void;
  readonly isTty: boolean;
  readonly columns: () => number;
  /** A clock in milliseconds. */
  readonly nowMs?: () => number;
}

/** Standard output, where `pull` and `push` say what they do. */
export const onOutput = (terminal: Terminal): TransferOutput => ({ write: terminal.out, isTty: terminal.outIsTty, columns: terminal.columns });
/** Standard error: the output belongs to what the command is for. */
export const onError = (terminal: Terminal): TransferOutput => ({ write: terminal.err, isTty: terminal.errIsTty, columns: terminal.columns });

/** Shows events as they come. */
export class TransferDisplay {
  readonly #output: TransferOutput;
  readonly #nowMs: () => number;
  /** The line of each layer, counted from the first. */
  readonly #lines = new Map<string, number>();
  readonly #drawn = new Map<string, { readonly status: string; readonly ms: number }>();
  /** Whether anything was shown. */
  begun = false;

  constructor(output: TransferOutput) {
    this.#output = output;
    this.#nowMs = output.nowMs ?? (() => performance.now());
  }

  readonly show = (event: TransferEvent): void => {
    this.begun = true;
    const { id, status, total } = event;
    if (id !== undefined && this.#output.isTty) this.#draw(id, event);
    else if (total === undefined) this.#line(id === undefined ? status : `${id}: ${status}`, id);
  };

  /** What is no layer ends the lines of those above: they are not drawn again. */
  #line(text: string, id: string | undefined): void {
    this.#output.write(`${text}\n`);
    if (id !== undefined) return;
    this.#lines.clear();
    this.#drawn.clear();
  }

  #draw(id: string, { status, current = 0, total }: TransferEvent): void {
    const now = this.#nowMs();
    const last = this.#drawn.get(id);
    const isEnd = total === undefined || current >= total;
    if (!isEnd && last?.status === status && now - last.ms < REDRAW_MS) return;
    this.#drawn.set(id, { status, ms: now });
    if (!this.#lines.has(id)) {
      this.#lines.set(id, this.#lines.size);
      this.#output.write('\n');
    }
    const up = this.#lines.size - this.#lines.get(id)!;
    const progress = total === undefined ? '' : bar({ id, action: status, current, total }, this.#output.columns());
    this.#output.write(`\x1b[${up}A\x1b[2K\r${id}: ${status} ${progress}\r\x1b[${up}B`);
  }
}
