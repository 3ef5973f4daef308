// wherry network connect: puts a container on one more network, while it runs, too.
import type { EndpointRequest } from '../../engine/index.ts';
import { int, list, string } from '../flags.ts';
import { tellOfNetworks } from '../network-change.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const strings = (name: string, help: string) => ({ ...list(name, help), argument: 'strings' });
const all = (words: readonly string[]): string[] => words.flatMap((word) => word.split(','));

export const networkConnect: Verb = {
  name: 'network connect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  help: 'Connect a container to a network',
  flags: [
    strings('alias', 'Add network-scoped alias for the container'), strings('driver-opt', 'driver options for the network'),
    int('gw-priority', 'Highest gw-priority provides the default gateway. Accepts positive and negative values.'), string('ip', 'IPv4 address (e.g., "172.30.100.104")'),
    string('ip6', 'IPv6 address (e.g., "2001:db8::33")'), list('link', 'Add link to another container'), strings('link-local-ip', 'Add a link-local address for the container'),
  ],
  words: [2, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const [network = '', container = ''] = parsed.words;
    const [aliases, links, ip, ip6] = [all(parsed.list('alias')), parsed.list('link'), parsed.string('ip'), parsed.string('ip6')];
    const request: EndpointRequest = { ...(aliases.length > 0 ? { Aliases: aliases } : {}), ...(links.length > 0 ? { Links: links } : {}), ...(ip ? { IPv4Address: ip } : {}), ...(ip6 ? { IPv6Address: ip6 } : {}) };
    const found = engine.containers.networks.find(network);
    await tellOfNetworks(engine, engine.containers.connect(engine.containers.find(container).Id, found, request));
    return 0;
  },
};
