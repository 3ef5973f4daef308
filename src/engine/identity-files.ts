// The files Docker writes for every container: made anew at each start and mounted over the image's, so that they are no change of the container.
import { S_IFREG } from '../abi/index.ts';
import type { Net } from '../host/ports.ts';
import { addressText, CONTAINER_ADDRESS, GATEWAY_ADDRESS, isLoopbackText } from '../linux/index.ts';
import type { BindMount } from '../machine/index.ts';
import { TmpFs } from '../vfs/index.ts';

/** Names of /etc and their texts (hosts(5), resolv.conf(5)). */
const texts = (hostname: string, net: Net | undefined): readonly (readonly [string, string])[] => [
  ['hostname', `${hostname}\n`],
  ['hosts', `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n${net ? addressText(CONTAINER_ADDRESS) : '127.0.1.1'}\t${hostname}\n`],
  ['resolv.conf', nameServers(net).map((server) => `nameserver ${server}\n`).join('')],
];

/** The host's name servers; one that listens on the host's loopback is asked through the gateway. */
const nameServers = (net: Net | undefined): string[] => [...new Set((net?.nameServers ?? []).map((server) => (isLoopbackText(server) ? addressText(GATEWAY_ADDRESS) : server)))];

/** `now`: the wall clock, nanoseconds since 1970. */
export function identityMounts(hostname: string, now: () => bigint, net?: Net): BindMount[] {
  const fs = new TmpFs({ now, rootMode: 0o755 });
  return texts(hostname, net).map(([name, text]) => {
    const inode = fs.root.create(name, { mode: S_IFREG | 0o644, uid: 0, gid: 0 });
    inode.data!.write(new TextEncoder().encode(text), 0);
    return { path: `/etc/${name}`, fs, inode };
  });
}
