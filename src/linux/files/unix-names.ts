// The AF_UNIX sockets that have a name, by inode of their path or by abstract name. unix(7).
import type { Socket } from './socket.ts';

export class UnixNames {
  /** All that are open. */
  readonly sockets = new Set<Socket>();
  readonly #byInode = new WeakMap<object, Socket>();
  readonly #abstract = new Map<string, Socket>();

  /** Binds to the inode of a path. */
  bindInode(inode: object, socket: Socket): void { this.#byInode.set(inode, socket); }
  byInode(inode: object): Socket | undefined { return this.#byInode.get(inode); }

  /** Binds to an abstract name; false when it is taken. The name is free again when the socket closes. */
  bindAbstract(name: string, socket: Socket): boolean {
    if (this.#abstract.has(name)) return false;
    this.#abstract.set(name, socket);
    const { onClose } = socket;
    socket.onClose = () => {
      this.#abstract.delete(name);
      onClose();
    };
    return true;
  }

  byName(name: string): Socket | undefined { return this.#abstract.get(name); }
}
