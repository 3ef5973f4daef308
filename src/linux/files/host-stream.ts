// A connection of a container's socket through the host: bytes go to and fro between a stream of the host and the far end of the socket, no faster than either side takes them.
import { EAGAIN, ECONNRESET, Errno, EPIPE, errnoByName } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import type { Net, NetAddress, NetStream } from '../../host/ports.ts';
import type { InetSocket } from './inet-socket.ts';
import type { Socket } from './socket.ts';

const PIECE = 65536;

/** How a connection that was begun stands. */
export class HostStream {
  /** undefined while it is on its way; then the local address, or why it failed. */
  outcome: NetAddress | Errno | undefined;
  readonly #near: InetSocket;
  #far: Socket | undefined;
  readonly #stream: NetStream;
  /** Bytes from the host that the container has not taken. */
  readonly #incoming: Uint8Array[] = [];
  #ended = false;
  #endTold = false;
  #full = false;
  #sentAll = false;
  #done = false;

  /** `over` is called when nothing more will happen. */
  constructor(net: Net, near: InetSocket, to: NetAddress, over: (stream: HostStream) => void) {
    this.#near = near;
    this.#stream = net.connect(to, {
      opened: (local) => { this.#open(local); },
      data: (bytes) => { if (!this.#done) this.#incoming.push(bytes); this.#moveIn(); },
      ended: () => { this.#ended = true; this.#moveIn(); },
      drained: () => { this.#full = false; this.#moveOut(); },
      closed: (code) => { this.#close(code); over(this); },
    });
  }

  #open(local: NetAddress): void {
    this.outcome = local;
    this.#far = this.#near.joinFarEnd();
    this.#far.changed.add(() => { this.#onChange(); });
    this.#near.changed.wake();
  }

  #onChange(): void {
    this.#moveIn();
    this.#moveOut();
    if (this.#sentAll && !this.#far!.connected) this.#drop();
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

  /** Nobody in the container reads any more: what still comes is thrown away. */
  #drop(): void {
    this.#done = true;
    this.#incoming.length = 0;
    this.#stream.resume();
  }

  #close(code: string | undefined): void {
    const failure = code === undefined ? undefined : errnoByName(code) ?? ECONNRESET;
    if (this.outcome === undefined) {
      this.outcome = failure ?? ECONNRESET;
      this.#near.fail(this.outcome);
      return;
    }
    if (failure && this.#far?.connected) this.#near.fail(failure);
    this.#moveIn();
    this.#done = true;
    if (this.#incoming.length === 0 || failure) this.#far?.close();
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
