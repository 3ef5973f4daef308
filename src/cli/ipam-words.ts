// What `network create` says of addresses: subnets, and the ranges, gateways and reserved addresses that lie in them.
import { contains, overlap, parseCidr, type SubnetConfig, type Subnet } from '../engine/index.ts';
import { addressBytes } from '../linux/index.ts';
import { PlainError } from './flags.ts';

type Config = { -readonly [Key in keyof SubnetConfig]: SubnetConfig[Key] };

function subnetOf(text: string): Subnet {
  const subnet = parseCidr(text);
  if (!subnet) throw new PlainError(`invalid subnet: invalid CIDR address: ${text}`);
  return subnet;
}

/** Whether an address or a part lies in a subnet. */
function lies(text: string, { Subnet }: Config): boolean {
  const address = text.includes('/') ? parseCidr(text)?.address : addressBytes(text);
  return address !== undefined && contains(subnetOf(Subnet), address);
}

/** Each value in its subnet; `taken` names what stands there already. */
function place(values: readonly string[], what: string, configs: readonly Config[], key: 'IPRange' | 'Gateway', plural: string, where: string): void {
  for (const value of values) {
    const config = configs.find((each) => lies(value, each));
    if (!config) throw new PlainError(`no matching subnet for ${what} ${value}`);
    if (config[key]) throw new PlainError(`cannot configure multiple ${plural} (${value}, ${config[key]}) ${where} the same subnet (${config.Subnet})`);
    config[key] = value;
  }
}

/** Throws PlainError in the words of docker's client. */
export function subnetConfigsOf(subnets: readonly string[], ranges: readonly string[], gateways: readonly string[], reserved: readonly string[]): SubnetConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) throw new PlainError('every ip-range or gateway must have a corresponding subnet');
  const configs: Config[] = [];
  for (const Subnet of subnets) {
    if (subnets.length > 1 && configs.some((other) => overlap(subnetOf(other.Subnet), subnetOf(Subnet)))) throw new PlainError('multiple overlapping subnet configuration is not supported');
    configs.push({ Subnet });
  }
  place(ranges, 'range', configs, 'IPRange', 'ranges', 'on');
  place(gateways, 'gateway', configs, 'Gateway', 'gateways', 'for');
  for (const said of reserved) {
    const [name = '', address = ''] = said.split(/=(.*)/s);
    const config = configs.find((each) => lies(address, each));
    if (!config) throw new PlainError(`no matching subnet for aux-address ${address}`);
    config.Reserved = { ...config.Reserved, [name]: address };
  }
  return configs;
}
