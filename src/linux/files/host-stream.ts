// A connection of a container's socket through the host: bytes go to and fro between a stream of the host and the far end of the socket, no faster than either side takes them.
import { EAGAIN, ECONNRESET, Errno, EPIPE, errnoByName } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import type { NetAddress, NetStream, NetStreamEvents } from '../../host/ports.ts';
import type { InetSocket } from './inet-socket.ts';
import type { Socket } from './socket.ts';

const PIECE = 65536;

const failureOf = (code: string | undefined): Errno | undefined => (code === undefined ? undefined : errnoByName(code) ?? ECONNRESET);

/** Joins a stream of the host and the far end of a socket of the container. */
export class Relay {
  #stream!: NetStream;
  #far: Socket | undefined;
  /** Bytes from the host that the container has not taken. */
  readonly #incoming: Uint8Array[] = [];
  #ended = false;
  #endTold = false;
  #full = false;
  #sentAll = false;
  #done = false;
  /** The stream is over; what came before still goes to the container. */
  #over = false;
  /** What moves bytes wakes others, who may come back here: they find that it is being done. */
  #moving = false;
  #again = false;

  /** What the stream tells from now on. */
  events(stream: () => NetStream, over: () => void): Omit<NetStreamEvents, 'opened'> {
    return {
      data: (bytes) => {
        this.#stream = stream();
        if (this.#done) return this.#stream.destroy();
        this.#incoming.push(bytes);
        this.#changed();
      },
      ended: () => { this.#ended = true; this.#changed(); },
      drained: () => { this.#full = false; this.#changed(); },
      closed: (code) => { this.#close(failureOf(code)); over(); },
    };
  }

  /** The far end is there: what came before goes to it. */
  start(stream: NetStream, far: Socket): void {
    this.#stream = stream;
    this.#far = far;
    far.changed.add(() => { this.#changed(); });
    this.#changed();
  }

  #changed(): void {
    if (this.#moving) {
      this.#again = true;
      return;
    }
    this.#moving = true;
    do {
      this.#again = false;
      this.#move();
    } while (this.#again);
    this.#moving = false;
  }

  #move(): void {
    this.#moveIn();
    this.#moveOut();
    if (this.#sentAll && this.#far && !this.#far.connected) this.#drop();
    if (!this.#over || this.#incoming.length > 0 || !this.#far) return;
    this.#done = true;
    const far = this.#far;
    this.#far = undefined;
    far.close();
  }

  /** From the host to the container. */
  #moveIn(): void {
    const far = this.#far;
    if (!far || this.#done) return;
    for (let bytes = this.#incoming[0]; bytes; bytes = this.#incoming[0]) {
      const count = attempt(() => far.write(bytes!, 0, true));
      if (count === EPIPE) return this.#drop();
      if (typeof count !== 'number') return this.#stream.pause();
      this.#incoming.shift();
      if (count < bytes.length) this.#incoming.unshift(bytes.subarray(count));
    }
    this.#stream.resume();
    if (!this.#ended || this.#endTold || !far.connected) return;
    this.#endTold = true;
    far.shutdown(false, true);
  }

  /** From the container to the host. */
  #moveOut(): void {
    const far = this.#far;
    while (far && !this.#full && !this.#sentAll) {
      const bytes = new Uint8Array(PIECE);
      const count = attempt(() => far.read(bytes, 0, true));
      if (count === 0) {
        this.#sentAll = true;
        return this.#stream.end();
      }
      if (typeof count !== 'number') return;
      this.#full = !this.#stream.write(bytes.subarray(0, count));
    }
  }

  /** Nobody in the container reads any more: what still comes breaks the connection. */
  #drop(): void {
    this.#done = true;
    this.#incoming.length = 0;
    this.#stream.resume();
  }

  #close(failure: Errno | undefined): void {
    const near = this.#far?.peer as InetSocket | undefined;
    if (failure) {
      near?.fail(failure);
      this.#moveIn();
      this.#incoming.length = 0;
    }
    this.#over = true;
    this.#changed();
  }
}

/** A connection that a socket of the container begins, to the world or to another container. */
export class HostStream {
  /** undefined while it is on its way; then the local address, or why it failed. */
  outcome: NetAddress | Errno | undefined;
  readonly #stream: NetStream;

  /** `begin` connects; nothing is told before it returns. `over` is called when nothing more will happen. */
  constructor(begin: (events: NetStreamEvents) => NetStream, near: InetSocket, over: (stream: HostStream) => void) {
    const relay = new Relay();
    const events = relay.events(() => this.#stream, () => over(this));
    this.#stream = begin({
      ...events,
      opened: (local) => {
        this.outcome = local;
        relay.start(this.#stream, near.joinFarEnd(local));
        near.changed.wake();
      },
      closed: (code) => {
        if (this.outcome === undefined) near.fail(this.outcome = failureOf(code) ?? ECONNRESET);
        events.closed(code);
      },
    });
  }

  /** The machine is over. */
  destroy(): void { this.#stream.destroy(); }
}

/** A call's result, or the Errno it throws; a Wait is EAGAIN. */
function attempt(call: () => number | Wait): number | Errno {
  try {
    const result = call();
    return result instanceof Wait ? EAGAIN : result;
  } catch (error) {
    if (error instanceof Errno) return error;
    throw error;
  }
}
