// The one program that runs in the worker: its standard streams or its terminal, and the messages that come for it.
import type { Machine, MachineExit } from '../machine/index.ts';
import type { Streams, Tty } from '../host/ports.ts';
import type { TerminalSize } from './protocol.ts';

type Consumer = (bytes: Uint8Array | null) => void;

export class Program {
  readonly #send: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  #consumer: Consumer | undefined;
  /** What came before somebody reads. */
  readonly #early: Uint8Array[] = [];
  #size: TerminalSize = { rows: 24, columns: 80 };
  #resized: () => void = () => {};
  #machine: Machine | undefined;

  constructor(send: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void) { this.#send = send; }

  /** What a machine needs for this program's input and output: a terminal of that size, or three streams. */
  io(tty: TerminalSize | null): { tty: Tty } | { streams: Streams } {
    if (tty) this.#size = tty;
    return tty ? { tty: this.#tty() } : { streams: this.#streams() };
  }

  #streams(): Streams {
    return { stdout: (bytes) => this.#send('stdout', bytes), stderr: (bytes) => this.#send('stderr', bytes), stdin: (consumer) => { this.#consume(consumer); } };
  }

  #tty(): Tty {
    return {
      write: (bytes) => this.#send('stdout', bytes), input: (consumer) => { this.#consume((bytes) => { if (bytes) consumer(bytes); }); },
      size: () => this.#size, onResize: (listener) => { this.#resized = listener; },
    };
  }

  #consume(consumer: Consumer): void {
    this.#consumer = consumer;
    for (const bytes of this.#early.splice(0)) this.input(bytes);
  }

  /** Runs the machine to its end. */
  run(machine: Machine): Promise<MachineExit> {
    this.#machine = machine;
    return machine.run();
  }

  /** No bytes: the end of input. */
  input(bytes: Uint8Array): void {
    if (this.#consumer) this.#consumer(bytes.length === 0 ? null : bytes);
    else this.#early.push(bytes);
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#resized();
  }

  signal(signo: number): void { this.#machine?.interrupt(signo); }
}
