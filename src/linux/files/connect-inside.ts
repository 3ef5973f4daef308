// Connections that come from outside the machine: joined to whoever listens on the address they are for.
import { AF_INET, AF_INET6, EAGAIN, Errno, IPPROTO_TCP, SOCK_STREAM } from '../../abi/index.ts';
import { type Endpoint, encodeEndpoint, type InetPorts, InetSocket } from './inet-socket.ts';

const nobody = { pid: 0, uid: 0, gid: 0 };

/** Tells the client's end of a connection to whoever listens at `to`, later when its queue of connections is full; undefined: nobody listens. */
export function connectInside(ports: InetPorts, client: Endpoint, to: Endpoint, done: (far: InetSocket | undefined) => void): void {
  const target = ports.find(IPPROTO_TCP, to);
  if (!target?.listening) return done(undefined);
  const far = new InetSocket(client.address.length === 4 ? AF_INET : AF_INET6, SOCK_STREAM, nobody, ports);
  far.name = encodeEndpoint(target.family, client);
  try { far.connect(target, true, encodeEndpoint(target.family, to)); } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return error === EAGAIN ? whenChanged(target, () => connectInside(ports, client, to, done)) : done(undefined);
  }
  done(far);
}

/** Once, though what it does may wake the queue again. */
function whenChanged({ changed }: InetSocket, act: () => void): void {
  let acted = false;
  const once = (): void => {
    if (acted) return;
    acted = true;
    changed.remove(once);
    act();
  };
  changed.add(once);
}
