// TCP and UDP of the host for containers: node:net, node:dgram, and the name servers node:dns knows.
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { Socket } from 'node:net';
import type { Net, NetAddress, NetDatagrams, NetStream, NetStreamEvents } from '../ports.ts';

type Failure = Error & { code?: string };

function connect(to: NetAddress, events: NetStreamEvents): NetStream {
  const socket = new Socket({ allowHalfOpen: true });
  let code: string | undefined;
  socket.setNoDelay(true);
  socket.on('connect', () => events.opened({ address: socket.localAddress ?? '0.0.0.0', port: socket.localPort ?? 0 }));
  socket.on('data', (bytes) => events.data(bytes));
  socket.on('end', () => events.ended());
  socket.on('drain', () => events.drained());
  socket.on('error', (error: Failure) => { code = error.code ?? 'EIO'; });
  socket.on('close', () => events.closed(code));
  socket.connect({ host: to.address, port: to.port });
  return {
    write: (bytes) => socket.write(bytes.slice()),
    end: () => { socket.end(); },
    pause: () => { socket.pause(); },
    resume: () => { socket.resume(); },
    destroy: () => { socket.destroy(); },
  };
}

function datagrams(family: 4 | 6, received: (bytes: Uint8Array, from: NetAddress) => void, failed: (code: string) => void): NetDatagrams {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  let open = true;
  socket.on('message', (bytes, { address, port }) => received(bytes, { address, port }));
  socket.on('error', (error: Failure) => failed(error.code ?? 'EIO'));
  return {
    send: (bytes, to) => { socket.send(bytes.slice(), to.port, to.address, (error: Failure | null) => { if (error) failed(error.code ?? 'EIO'); }); },
    close: () => {
      if (open) socket.close();
      open = false;
    },
  };
}

/** Name servers as resolv.conf has them: without ports, and none that only the host itself can reach by its loopback address. */
const nameServers = (): string[] => getServers().map((server) => server.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'));

export const nodeNet: Net = { connect, datagrams, get nameServers() { return nameServers(); } };
