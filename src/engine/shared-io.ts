// The standard streams or the terminal of a program, joined by any number of others who watch and type.
import type { Sink, Taken } from '../host/ports.ts';
import type { ProcessIo } from '../machine/index.ts';
import type { OutputStream } from './log.ts';

export interface TerminalSize { readonly rows: number; readonly columns: number }

/** Gets everything that is written from the moment it joins; the program waits for it. */
export type Viewer = (stream: OutputStream, bytes: Uint8Array) => Taken;

/** Output goes to those who join, and input comes from them. `open`: it may come; else it is empty. */
export function nowhere({ tty, open, size = { rows: 0, columns: 0 } }: { tty: boolean; open: boolean; size?: TerminalSize }): ProcessIo {
  if (tty) return { tty: { write: () => {}, input: () => {}, size: () => size, onResize: () => {} } };
  return { streams: { stdout: () => {}, stderr: () => {}, ...(open ? { stdin: () => {} } : {}) } };
}

export class SharedIo {
  /** What the program gets. */
  readonly io: ProcessIo;
  readonly #viewers = new Set<Viewer>();
  readonly #takesInput: boolean;
  #consumer: ((bytes: Uint8Array | null) => Taken) | undefined;
  /** What was typed before the program was there. */
  #early: (Uint8Array | null)[] = [];
  /** What was said last; undefined: it is that of `over`. */
  #size: TerminalSize | undefined;
  #resized = (): void => {};

  /** `over`: where output goes and input comes from as well. */
  constructor(over: ProcessIo) {
    this.#takesInput = 'tty' in over || over.streams.stdin !== undefined;
    this.io = 'tty' in over ? { tty: this.#overTty(over.tty) } : { streams: this.#overStreams(over.streams) };
  }

  #shared(stream: OutputStream, sink: Sink): Sink {
    return (bytes) => {
      const waits = [sink(bytes), ...Array.from(this.#viewers, (viewer) => viewer(stream, bytes))].filter((taken) => taken !== undefined);
      if (waits.length > 0) return Promise.all(waits).then(() => {});
    };
  }

  #overTty(tty: Extract<ProcessIo, { tty: unknown }>['tty']): typeof tty {
    return {
      write: this.#shared('stdout', tty.write),
      input: (consumer) => {
        tty.input(consumer);
        this.#consume((bytes) => { if (bytes) return consumer(bytes); });
      },
      size: () => this.#size ?? tty.size(),
      onResize: (listener) => {
        this.#resized = listener;
        tty.onResize(() => {
          this.#size = undefined;
          listener();
        });
      },
    };
  }

  #overStreams({ stdin, ...streams }: Extract<ProcessIo, { streams: unknown }>['streams']): typeof streams {
    return {
      stdout: this.#shared('stdout', streams.stdout), stderr: this.#shared('stderr', streams.stderr),
      ...(stdin ? { stdin: (consumer: (bytes: Uint8Array | null) => Taken) => { stdin(consumer); this.#consume(consumer); } } : {}),
    };
  }

  #consume(consumer: (bytes: Uint8Array | null) => Taken): void {
    this.#consumer = consumer;
    for (const bytes of this.#early.splice(0)) void consumer(bytes);
  }

  /** Returns what ends it. */
  join(viewer: Viewer): () => void {
    this.#viewers.add(viewer);
    return () => { this.#viewers.delete(viewer); };
  }

  /** Input for the program; null is its end. A program whose input is empty gets none. */
  type(bytes: Uint8Array | null): Taken {
    if (this.#consumer) return this.#consumer(bytes);
    if (this.#takesInput) this.#early.push(bytes);
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#resized();
  }

  /** One who joins sees what a program shows when the size changes: it changes for a moment. */
  redraw(size: TerminalSize): void {
    if (size.rows === 0) return;
    this.resize({ ...size, rows: size.rows + 1 });
    this.resize(size);
  }
}
