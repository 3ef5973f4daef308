// The files Docker writes for every container: made anew at each start and mounted over the image's, so that they are no change of the container.
import { S_IFREG } from '../abi/index.ts';
import type { BindMount } from '../machine/index.ts';
import { TmpFs } from '../vfs/index.ts';
import type { NameFiles } from './networking.ts';
import type { ContainerConfig } from './process-config.ts';

const fixedHosts = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n';

/** "NAME:ADDRESS" as a line of hosts(5). */
function extraHost(said: string, gateway: string): string {
  const [name = '', address = ''] = said.split(/:(.*)/s);
  return `${address === 'host-gateway' ? gateway : address}\t${name}\n`;
}

function hostsText({ Hostname, Domainname }: Pick<ContainerConfig, 'Hostname' | 'Domainname'>, { addresses, extraHosts, gateway }: NameFiles): string {
  const own = Domainname ? `${Hostname}.${Domainname} ${Hostname}` : Hostname;
  return `${fixedHosts}${extraHosts.map((said) => extraHost(said, gateway)).join('')}${addresses.map((address) => `${address}\t${own}\n`).join('')}`;
}

function resolverText({ servers, search, options }: NameFiles): string {
  const line = (words: readonly string[]): string => (words.length > 0 ? `${words.join(' ')}\n` : '');
  return `${search.length > 0 ? line(['search', ...search]) : ''}${servers.map((server) => `nameserver ${server}\n`).join('')}${options.length > 0 ? line(['options', ...options]) : ''}`;
}

/** Names of /etc and their texts (hosts(5), resolv.conf(5)). */
const texts = (config: Pick<ContainerConfig, 'Hostname' | 'Domainname'>, names: NameFiles): readonly (readonly [string, string])[] => [
  ['hostname', `${config.Hostname}\n`], ['hosts', hostsText(config, names)], ['resolv.conf', resolverText(names)],
];

/** `now`: the wall clock, nanoseconds since 1970. */
export function identityMounts(config: Pick<ContainerConfig, 'Hostname' | 'Domainname'>, now: () => bigint, names: NameFiles): BindMount[] {
  const fs = new TmpFs({ now, rootMode: 0o755 });
  return texts(config, names).map(([name, text]) => {
    const inode = fs.root.create(name, { mode: S_IFREG | 0o644, uid: 0, gid: 0 });
    inode.data!.write(new TextEncoder().encode(text), 0);
    return { path: `/etc/${name}`, fs, inode };
  });
}
