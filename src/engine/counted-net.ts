// What passes between a container and the host's sockets, counted: for `stats`.
import type { Host, LocalStreams, Net, NetDatagrams, NetStream, NetStreamEvents } from '../host/ports.ts';

/** In bytes. */
export interface Traffic { received: number; sent: number }

const stream = (of: NetStream, traffic: Traffic): NetStream => ({
  write: (bytes) => {
    traffic.sent += bytes.length;
    return of.write(bytes);
  },
  end: () => { of.end(); }, pause: () => { of.pause(); }, resume: () => { of.resume(); }, destroy: () => { of.destroy(); },
});

const events = (of: NetStreamEvents, traffic: Traffic): NetStreamEvents => ({
  opened: (local) => { of.opened(local); },
  data: (bytes) => {
    traffic.received += bytes.length;
    of.data(bytes);
  },
  ended: () => { of.ended(); }, drained: () => { of.drained(); }, closed: (code) => { of.closed(code); },
});

const datagrams = <T extends NetDatagrams>(of: T, traffic: Traffic): T => Object.assign(Object.create(of) as T, {
  send: (bytes: Uint8Array, to: Parameters<NetDatagrams['send']>[1]) => {
    traffic.sent += bytes.length;
    of.send(bytes, to);
  },
  close: () => { of.close(); },
});

type Received = Parameters<Net['datagrams']>[1];
const counted = (received: Received, traffic: Traffic): Received => (bytes, from) => {
  traffic.received += bytes.length;
  received(bytes, from);
};

const countedNet = (net: Net, traffic: Traffic): Net => ({
  connect: (to, told) => stream(net.connect(to, events(told, traffic)), traffic),
  datagrams: (family, received, failed) => datagrams(net.datagrams(family, counted(received, traffic), failed), traffic),
  listen: (at, accepted) => net.listen(at, (accept, from) => events(accepted(stream(accept, traffic), from), traffic)),
  bind: async (at, received) => datagrams(await net.bind(at, counted(received, traffic)), traffic),
  get nameServers() { return net.nameServers; },
  get ownAddress() { return net.ownAddress; },
});

const countedLocal = (local: LocalStreams, traffic: Traffic): LocalStreams => ({
  connect: (path, told) => stream(local.connect(path, events(told, traffic)), traffic),
  listen: (path, accepted) => local.listen(path, (accept) => events(accepted(stream(accept, traffic)), traffic)),
});

/** The same host for one container; what passes is added to `traffic`. */
export const countedHost = (host: Host, traffic: Traffic): Host =>
  ({ ...host, ...(host.net ? { net: countedNet(host.net, traffic) } : {}), ...(host.local ? { local: countedLocal(host.local, traffic) } : {}) });
