// What goes between a machine and its host, held up while the other side is full.
import type { WaitQueue } from '../../base/index.ts';
import type { Sink, Taken } from '../../host/ports.ts';

/** Output to the host. */
export class Outflow {
  readonly #sink: Sink;
  readonly #goOn: () => void;
  /** The host takes no more for now. */
  full = false;

  /** `goOn` is called when the host takes more again. */
  constructor(sink: Sink, goOn: () => void) {
    this.#sink = sink;
    this.#goOn = goOn;
  }

  /** Gives bytes, which it takes even when it is full. */
  give(bytes: Uint8Array): void {
    const later = this.#sink(bytes);
    if (!later) return;
    this.full = true;
    const again = (): void => {
      this.full = false;
      this.#goOn();
    };
    later.then(again, again);
  }
}

/** Input from the host that waits until there is room for it, in the order in which it came. */
export class Inflow {
  readonly #room: () => number;
  readonly #take: (bytes: Uint8Array) => void;
  #waiting: Uint8Array[] = [];
  #emptied: (() => void)[] = [];
  #taking = false;

  /** `changed` wakes when there may be more room. */
  constructor(changed: WaitQueue, room: () => number, take: (bytes: Uint8Array) => void) {
    this.#room = room;
    this.#take = take;
    changed.add(() => this.#flow());
  }

  bring(bytes: Uint8Array): Taken {
    this.#waiting.push(bytes.slice());
    this.#flow();
    if (this.#waiting.length > 0) return new Promise((done) => { this.#emptied.push(done); });
  }

  /** Taking wakes, too. */
  #flow(): void {
    if (this.#taking || this.#waiting.length === 0) return;
    this.#taking = true;
    for (let room = this.#room(); room > 0 && this.#waiting.length > 0; room = this.#room()) {
      const bytes = this.#waiting[0]!;
      if (bytes.length > room) this.#waiting[0] = bytes.subarray(room);
      else this.#waiting.shift();
      this.#take(bytes.subarray(0, room));
    }
    this.#taking = false;
    if (this.#waiting.length === 0) for (const done of this.#emptied.splice(0)) done();
  }
}
