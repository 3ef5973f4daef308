// wherry network create: a network on which containers find each other by name.
import { bool, list, type Parsed, PlainError, string } from '../flags.ts';
import { subnetConfigsOf } from '../ipam-words.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const map = (name: string, help: string, short?: string) => ({ ...list(name, help, short), argument: 'map', initial: 'map[]' });
const strings = (name: string, help: string) => ({ ...list(name, help), argument: 'strings' });

const pairs = (words: readonly string[]): Record<string, string> => Object.fromEntries(words.map((word) => { const [name = '', value = ''] = word.split(/=(.*)/s); return [name, value]; }));
/** Several in one word, with commas. */
const all = (parsed: Parsed, name: string): string[] => parsed.list(name).flatMap((word) => word.split(',')).filter((word) => word !== '');

/** What only a swarm has, and what nobody here can do. */
const refused = (parsed: Parsed): string | undefined => (parsed.bool('ingress') || !['', 'local'].includes(parsed.string('scope') ?? '') ? 'this is not a swarm: networks are local'
  : parsed.bool('config-only') || parsed.string('config-from') ? 'configuration-only networks are not supported: say --subnet, --gateway and --opt of the network itself'
  : (parsed.string('ipam-driver') ?? 'default') !== 'default' ? `plugin ${JSON.stringify(parsed.string('ipam-driver'))} not found`
  : parsed.has('ipv4') && !parsed.bool('ipv4') ? 'networks without IPv4 are not supported' : undefined);

export const networkCreate: Verb = {
  name: 'network create',
  usage: '[OPTIONS] NETWORK',
  help: 'Create a network',
  flags: [
    bool('attachable', 'Enable manual container attachment'), map('aux-address', 'Auxiliary IPv4 or IPv6 addresses used by Network driver'), string('config-from', 'The network from which to copy the configuration'),
    bool('config-only', 'Create a configuration only network'), string('driver', 'Driver to manage the Network', 'd', 'bridge'), strings('gateway', 'IPv4 or IPv6 Gateway for the master subnet'),
    bool('ingress', 'Create swarm routing-mesh network'), bool('internal', 'Restrict external access to the network'), strings('ip-range', 'Allocate container ip from a sub-range'),
    string('ipam-driver', 'IP Address Management Driver', undefined, 'default'), map('ipam-opt', 'Set IPAM driver specific options'), { ...bool('ipv4', 'Enable or disable IPv4 address assignment'), initial: 'true' },
    bool('ipv6', 'Enable or disable IPv6 address assignment'), list('label', 'Set metadata on a network'), map('opt', 'Set driver specific options', 'o'), string('scope', 'Control the network\'s scope'),
    strings('subnet', 'Subnet in CIDR format that represents a network segment'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const why = refused(parsed);
    if (why !== undefined) throw new PlainError(`Error response from daemon: ${why}`);
    const subnets = subnetConfigsOf(all(parsed, 'subnet'), all(parsed, 'ip-range'), all(parsed, 'gateway'), parsed.list('aux-address'));
    const { networks, events } = openEngine(terminal).containers;
    const { Id, Name, Driver } = networks.create({
      name: parsed.words[0]!, driver: parsed.string('driver') ?? 'bridge', subnets, internal: parsed.bool('internal'), attachable: parsed.bool('attachable'), ipv6: parsed.bool('ipv6'),
      options: pairs(parsed.list('opt')), labels: pairs(parsed.list('label')),
    });
    terminal.out(`${Id}\n`);
    events.tell('network', 'create', Id, { name: Name, type: Driver });
    return 0;
  },
};
