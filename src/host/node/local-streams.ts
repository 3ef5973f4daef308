// Unix sockets in the store, over which containers reach each other.
import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { LocalStreams } from '../ports.ts';
import { streamOf, tell } from './net.ts';

const load = createRequire(import.meta.url);
const net = (): typeof import('node:net') => load('node:net') as typeof import('node:net');

/** The longest path of a socket that every system takes, in bytes. */
const LONGEST = 100;

/** A path of any length as the system takes it: by way of an open directory where it is too long. */
function shortened(path: string): { readonly path: string; release(): void } {
  if (Buffer.byteLength(path) <= LONGEST || process.platform !== 'linux') return { path, release: () => {} };
  const fd = openSync(dirname(path), 'r');
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, release: () => { closeSync(fd); } };
}

/** `root`: the store's folder. */
export const nodeLocalStreams = (root: string): LocalStreams => ({
  connect(path, events) {
    const socket = new (net().Socket)({ allowHalfOpen: true });
    let short: ReturnType<typeof shortened> | undefined;
    socket.on('connect', () => events.opened({ address: '', port: 0 }));
    tell(socket, { ...events, closed: (code) => { short?.release(); short = undefined; events.closed(code); } });
    try {
      short = shortened(join(root, path));
      socket.connect({ path: short.path });
    } catch (error) { socket.destroy(error as Error); }
    return streamOf(socket);
  },
  async listen(path, accepted) {
    const whole = join(root, path);
    mkdirSync(dirname(whole), { recursive: true });
    const short = shortened(whole);
    rmSync(whole, { force: true });
    const server: Server = net().createServer({ allowHalfOpen: true }, (socket) => { tell(socket, accepted(streamOf(socket))); });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(short.path, () => { server.off('error', failed); done(); });
    });
    chmodSync(whole, 0o600);
    server.unref();
    return { close: () => { server.close(); short.release(); } };
  },
});
