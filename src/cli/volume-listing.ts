// What `volume ls` and `volume inspect` show of a volume, as docker shows them.
import { type Volume, volumeData } from '../engine/index.ts';
import { humanSize } from './columns.ts';
import { labelHeading } from './container-listing.ts';
import { column, type Listing } from './listing.ts';
import { nilMap, type Struct, typeOf } from './template/index.ts';

export interface VolumeRow { readonly volume: Volume; /** Where its files lie on the host. */ readonly mountpoint: string; /** Where it is known: how many containers mount it, and its size in bytes. */ readonly usage?: { readonly links: number; readonly bytes: number } }

const labelsText = ({ volume: { Labels } }: VolumeRow): string => Object.entries(Labels ?? {}).map(([name, value]) => `${name}=${value}`).sort().join(',');

/** What only other drivers and swarms know. */
const unknown = (name: string) => column<VolumeRow>(name, name.toUpperCase(), () => 'N/A');

export const volumeListing: Listing<VolumeRow> = {
  type: '*formatter.volumeContext',
  columns: [
    column('Name', 'VOLUME NAME', ({ volume }) => volume.Name),
    column('Driver', 'DRIVER', () => 'local'),
    column('Scope', 'SCOPE', () => 'local'),
    column('Mountpoint', 'MOUNTPOINT', ({ mountpoint }) => mountpoint),
    column('Labels', 'LABELS', labelsText),
    column('Label', labelHeading, ({ volume: { Labels } }) => (name: string) => Labels?.[name] ?? ''),
    column('Links', 'LINKS', ({ usage }) => (usage ? String(usage.links) : 'N/A')),
    column('Size', 'SIZE', ({ usage }) => (usage ? humanSize(usage.bytes) : 'N/A')),
    ...['Availability', 'Group', 'Status'].map(unknown),
  ],
  table: '{{.Driver}}\t{{.Name}}',
  quiet: '{{.Name}}',
};

const mapOf = (entries: Readonly<Record<string, string>> | null): ReadonlyMap<string, string> => (entries ? new Map(Object.entries(entries)) : nilMap as ReadonlyMap<string, string>);

/** `hostPath`: where a file of the store lies, as the host sees it. */
export function volumeDocument({ Name, CreatedAt, Labels, Options }: Volume, hostPath: (path: string) => string): Struct {
  return { CreatedAt, Driver: 'local', Labels: mapOf(Labels), Mountpoint: hostPath(volumeData(Name)), Name, Options: mapOf(Options), Scope: 'local', [typeOf]: 'volume.Volume' };
}

/** Names as people count: vol2 before vol10. */
export function inNaturalOrder(one: string, other: string): number {
  const chunks = (text: string): string[] => [...text.matchAll(/\d+|\D+/g)].map(([chunk]) => chunk);
  const [a, b] = [chunks(one), chunks(other)];
  const i = a.findIndex((chunk, at) => chunk !== b[at]);
  if (i < 0) return a.length - b.length;
  const [left = '', right = ''] = [a[i], b[i]];
  const numbers = /^\d/.test(left) && /^\d/.test(right) ? BigInt(left) - BigInt(right) : 0n;
  if (numbers !== 0n) return numbers < 0n ? -1 : 1;
  return left < right ? -1 : 1;
}
