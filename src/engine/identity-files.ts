// The files Docker writes for every container: made anew at each start and mounted over the image's, so that they are no change of the container.
import { S_IFREG } from '../abi/index.ts';
import type { BindMount } from '../machine/index.ts';
import { TmpFs, type TmpInode } from '../vfs/index.ts';
import type { NameFiles } from './networking.ts';
import type { ContainerConfig } from './process-config.ts';

const fixedHosts = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n';

/** "NAME:ADDRESS" as a line of hosts(5). */
function extraHost(said: string, gateway: string): string {
  const [name = '', address = ''] = said.split(/:(.*)/s);
  return `${address === 'host-gateway' ? gateway : address}\t${name}\n`;
}

type Identity = Pick<ContainerConfig, 'Hostname' | 'Domainname'>;

/** The lines of hosts(5) that give the container's name to its addresses. */
function ownLines({ Hostname, Domainname }: Identity, { addresses }: NameFiles): string[] {
  const own = Domainname ? `${Hostname}.${Domainname} ${Hostname}` : Hostname;
  return addresses.map((address) => `${address}\t${own}\n`);
}

const hostsText = (config: Identity, names: NameFiles): string => `${names.hosts ?? fixedHosts}${names.extraHosts.map((said) => extraHost(said, names.gateway)).join('')}${ownLines(config, names).join('')}`;

function resolverText({ servers, search, options }: NameFiles): string {
  const line = (words: readonly string[]): string => (words.length > 0 ? `${words.join(' ')}\n` : '');
  return `${search.length > 0 ? line(['search', ...search]) : ''}${servers.map((server) => `nameserver ${server}\n`).join('')}${options.length > 0 ? line(['options', ...options]) : ''}`;
}

type File = BindMount & { readonly inode: TmpInode };

export class IdentityFiles {
  readonly mounts: readonly BindMount[];
  readonly #config: Identity;
  readonly #hosts: File;
  readonly #resolver: File;
  #names: NameFiles;

  /** `now`: the wall clock, nanoseconds since 1970. */
  constructor(config: Identity, now: () => bigint, names: NameFiles) {
    this.#config = config;
    this.#names = names;
    const fs = new TmpFs({ now, rootMode: 0o755 });
    const file = (name: string, text: string): File => {
      const inode = fs.root.create(name, { mode: S_IFREG | 0o644, uid: 0, gid: 0 });
      inode.data!.write(new TextEncoder().encode(text), 0);
      return { path: `/etc/${name}`, fs, inode };
    };
    const hostname = file('hostname', `${config.Hostname}\n`);
    this.#hosts = file('hosts', hostsText(config, names));
    this.#resolver = file('resolv.conf', resolverText(names));
    this.mounts = [hostname, this.#hosts, this.#resolver];
  }

  /** The container is on other networks now; what its programs wrote into hosts stays. */
  update(names: NameFiles): void {
    const [old, now] = [new Set(ownLines(this.#config, this.#names)), ownLines(this.#config, names)];
    const kept = (textOf(this.#hosts).match(/[^\n]*\n|[^\n]+$/g) ?? []).filter((line) => !old.has(line));
    write(this.#hosts, [...kept, ...now].join(''));
    if (resolverText(names) !== resolverText(this.#names)) write(this.#resolver, resolverText(names));
    this.#names = names;
  }
}

function textOf({ inode }: File): string {
  const bytes = new Uint8Array(inode.data!.size);
  inode.data!.read(bytes, 0);
  return new TextDecoder().decode(bytes);
}

function write({ inode }: File, text: string): void {
  inode.setattr({ size: 0 });
  inode.data!.write(new TextEncoder().encode(text), 0);
}
