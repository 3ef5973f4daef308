// What `network ls` shows: a row for each network, as docker makes them.
import type { NetworkRecord } from '../engine/index.ts';
import { column, type Listing } from './listing.ts';

export interface NetworkRow { readonly network: NetworkRecord; readonly whole: boolean }

/** As Go prints a time in UTC: 2024-01-01 00:00:00.123456789 +0000 UTC. */
const utc = (time: string): string => `${time.replace('T', ' ').replace('Z', '')} +0000 UTC`;

const labelsText = ({ Labels }: NetworkRecord): string => Object.entries(Labels).map(([name, value]) => `${name}=${value}`).sort().join(',');

export const networkListing: Listing<NetworkRow> = {
  type: '*network.networkContext',
  columns: [
    column('ID', 'NETWORK ID', ({ network, whole }) => (whole ? network.Id : network.Id.slice(0, 12))),
    column('Name', 'NAME', ({ network }) => network.Name),
    column('Driver', 'DRIVER', ({ network }) => network.Driver),
    column('Scope', 'SCOPE', () => 'local'),
    column('IPv4', 'IPV4', () => 'true'),
    column('IPv6', 'IPV6', ({ network }) => String(network.EnableIPv6)),
    column('Internal', 'INTERNAL', ({ network }) => String(network.Internal)),
    column('Labels', 'LABELS', ({ network }) => labelsText(network)),
    column('Label', '', ({ network }) => (name: string) => network.Labels[name] ?? ''),
    column('CreatedAt', 'CREATED AT', ({ network }) => utc(network.Created)),
  ],
  table: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
  quiet: '{{.ID}}',
};
