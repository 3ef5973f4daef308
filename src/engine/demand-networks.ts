// Which networks a container may ask for, in Docker's words.
import type { ContainerRecord } from './container-record.ts';
import { EngineError } from './errors.ts';
import { isPredefined, type Networks } from './networks.ts';

const modes = ['default', 'bridge', 'none'];

/** Throws EngineError 'NO_NETWORK', 'BAD_ADDRESS', 'UNSUPPORTED_NETWORK'. */
export function demandNetworks({ HostConfig: { NetworkMode: mode = 'default' }, Networks: asked = {} }: ContainerRecord, networks: Networks): void {
  if (mode === 'host') throw new EngineError('UNSUPPORTED_NETWORK', 'network host is not supported: use bridge, which reaches what the host reaches, or none');
  for (const name of new Set([mode, ...Object.keys(asked)])) if (!modes.includes(name)) networks.find(name);
  for (const [name, { IPv4Address, IPv6Address }] of Object.entries(asked)) {
    if (!IPv4Address && !IPv6Address) continue;
    if (isPredefined(name) || name === 'default') throw new EngineError('BAD_ADDRESS', 'user specified IP address is supported on user defined networks only');
    if (!networks.find(name).Configured) throw new EngineError('BAD_ADDRESS', 'user specified IP address is supported only when connecting to networks with user configured subnets');
  }
}
