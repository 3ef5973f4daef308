// TCP and UDP of the host for containers: node:net, node:dgram, and the name servers node:dns knows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { HostInterface, Net, NetAddress, NetDatagrams, NetListener, NetStream, NetStreamEvents } from '../ports.ts';

type Failure = Error & { code?: string };

/** Node's modules are loaded by the first container that needs them: most never do. */
const load = createRequire(import.meta.url);
const dgram = (): typeof import('node:dgram') => load('node:dgram') as typeof import('node:dgram');
const dns = (): typeof import('node:dns') => load('node:dns') as typeof import('node:dns');
const net = (): typeof import('node:net') => load('node:net') as typeof import('node:net');

/** Tells the events of a socket, and what can be done with it. */
export function streamOf(socket: Socket): NetStream {
  socket.setNoDelay(true);
  return {
    write: (bytes) => socket.write(bytes.slice()),
    end: () => { socket.end(); },
    pause: () => { socket.pause(); },
    resume: () => { socket.resume(); },
    destroy: () => { socket.destroy(); },
  };
}

export function tell(socket: Socket, events: NetStreamEvents): void {
  let code: string | undefined;
  socket.on('data', (bytes) => events.data(bytes));
  socket.on('end', () => events.ended());
  socket.on('drain', () => events.drained());
  socket.on('error', (error: Failure) => { code = error.code ?? 'EIO'; });
  socket.on('close', () => events.closed(code));
}

function connect(to: NetAddress, events: NetStreamEvents): NetStream {
  const socket = new (net().Socket)({ allowHalfOpen: true });
  socket.on('connect', () => events.opened({ address: socket.localAddress ?? '0.0.0.0', port: socket.localPort ?? 0 }));
  tell(socket, events);
  socket.connect({ host: to.address, port: to.port });
  return streamOf(socket);
}

function listen(at: NetAddress, accepted: (stream: NetStream, from: NetAddress) => NetStreamEvents): Promise<NetListener> {
  const server = net().createServer({ allowHalfOpen: true }, (socket) => {
    tell(socket, accepted(streamOf(socket), { address: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: at.address, port: at.port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve({ local: { address: at.address, port: (server.address() as AddressInfo).port }, close: () => { server.close(); } });
    });
  });
}

function bind(at: NetAddress, received: (bytes: Uint8Array, from: NetAddress) => void): Promise<NetDatagrams & NetListener> {
  const socket = dgram().createSocket({ type: net().isIPv6(at.address) ? 'udp6' : 'udp4', ipv6Only: net().isIPv6(at.address) });
  socket.on('message', (bytes, { address, port }) => received(bytes, { address, port }));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: at.address, port: at.port }, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve({ local: { address: at.address, port: socket.address().port }, send: (bytes, to) => { socket.send(bytes.slice(), to.port, to.address, () => {}); }, close: () => { socket.close(); } });
    });
  });
}

function datagrams(family: 4 | 6, received: (bytes: Uint8Array, from: NetAddress) => void, failed: (code: string) => void): NetDatagrams {
  const socket = dgram().createSocket(family === 4 ? 'udp4' : 'udp6');
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

/** The name servers of resolv.conf(5), or where there is none, those that Node knows; without ports. */
function nameServers(): string[] {
  let text: string;
  try { text = readFileSync('/etc/resolv.conf', 'utf8'); } catch {
    return dns().getServers().map((server) => server.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'));
  }
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map((match) => match[1]!);
}

function interfaces(): HostInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const prefixOf = (cidr: string | null): number => Number(cidr?.split('/')[1] ?? 0);
    const four = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
    const six = addresses.find(({ family }) => family === 'IPv6');
    return four ? [{ name, address: four.address, prefix: prefixOf(four.cidr), hardware: four.mac, ...(six ? { six: { address: six.address, prefix: prefixOf(six.cidr) } } : {}) }] : [];
  });
}

function hosts(): string { try { return readFileSync('/etc/hosts', 'utf8'); } catch { return ''; } }

const ownAddress = (): string | undefined => Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

export const nodeNet: Net = { connect, datagrams, listen, bind, get nameServers() { return nameServers(); }, get ownAddress() { return ownAddress(); }, get interfaces() { return interfaces(); }, get hosts() { return hosts(); } };
