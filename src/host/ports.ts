// What the core may ask of the world. Each port is small, speaks bytes and numbers only, and an absent capability is an absent field.

export interface Clock {
  /** Wall clock, nanoseconds since 1970 UTC. */
  realtimeNs(): bigint;
  /** A clock that never goes back, in nanoseconds. */
  monotonicNs(): bigint;
}

export interface Random {
  /** Fills `into` with cryptographically strong random bytes. */
  fill(into: Uint8Array): void;
}

/** One stream of the terminal or of the program's standard output: called with bytes, never blocks. */
export type Sink = (bytes: Uint8Array) => void;

/** Where the container's standard streams go when they are not a terminal, and where its input comes from. */
export interface Streams {
  stdout: Sink;
  stderr: Sink;
  /** Registers the consumer of standard input; `null` is the end of input. Absent: the input is empty. */
  stdin?(consumer: (bytes: Uint8Array | null) => void): void;
}

/** A real terminal beside the machine (raw mode is the host's business). */
export interface Tty {
  write: Sink;
  input(consumer: (bytes: Uint8Array) => void): void;
  size(): { rows: number; columns: number };
  onResize(listener: () => void): void;
}

/** Read access to one immutable blob (an uncompressed layer tar), synchronously. */
export interface Blob {
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number;
}

/** Lets the host's event loop run, and wakes the machine. */
export interface Loop {
  /** Calls `step` as soon as the event loop allows. */
  soon(step: () => void): void;
  /** Calls `step` after `delayNs`; the returned function cancels it. */
  later(step: () => void, delayNs: bigint): () => void;
}

/** A byte store for what may be lost at any time: translations, records. */
export interface CacheStore {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
}

export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly loop: Loop;
  readonly log: (line: string) => void;
  readonly cache?: CacheStore;
}
