// What `ps` shows: a row for each container, as docker makes them.
import type { ContainerRecord } from '../engine/index.ts';
import { humanSize } from './columns.ts';
import { ageText, commandText, ellipsis, statusText } from './container-row.ts';
import { column, type Listing } from './listing.ts';
import { networksText } from './network-settings.ts';
import { portsText } from './ports-text.ts';
import { goTime } from './times.ts';

export interface ContainerRow {
  readonly record: ContainerRecord;
  /** The image as it is shown. */
  readonly image: string;
  readonly whole: boolean;
  readonly nowMs: number;
  /** With --size: of what it changed, and with its image, in bytes. */
  readonly sizes: { readonly rw: number; readonly rootFs: number } | undefined;
}

const labelsText = ({ Config }: ContainerRecord): string => Object.entries(Config.Labels).map(([name, value]) => `${name}=${value}`).sort().join(',');

const sizeText = ({ sizes }: ContainerRow): string => (sizes === undefined ? '0B' : `${humanSize(sizes.rw)} (virtual ${humanSize(sizes.rootFs)})`);

/** Volumes by name, directories of the host by path. */
const mountsText = ({ Mounts = [] }: ContainerRecord, whole: boolean): string => Mounts.map(({ Name, Source }) => Name ?? Source).map((text) => (whole ? text : ellipsis(text, 15))).join(',');

/** The last part of a label's name. */
export const labelHeading = (name: string): string => name.slice(name.lastIndexOf('.') + 1).replace(/[-_]/g, ' ');

const table = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';

export const containerListing: Listing<ContainerRow> = {
  type: '*formatter.ContainerContext',
  columns: [
    column('ID', 'CONTAINER ID', ({ record, whole }) => (whole ? record.Id : record.Id.slice(0, 12))),
    column('Names', 'NAMES', ({ record }) => record.Name),
    column('Image', 'IMAGE', ({ image }) => image),
    column('Command', 'COMMAND', ({ record, whole }) => commandText(record, whole)),
    column('CreatedAt', 'CREATED AT', ({ record }) => goTime(Date.parse(record.Created))),
    column('RunningFor', 'CREATED', ({ record, nowMs }) => ageText(record.Created, nowMs)),
    column('Ports', 'PORTS', ({ record }) => portsText(record)),
    column('State', 'STATE', ({ record }) => record.State.Status),
    column('Status', 'STATUS', ({ record, nowMs }) => statusText(record, nowMs)),
    column('Size', 'SIZE', sizeText),
    column('Labels', 'LABELS', ({ record }) => labelsText(record)),
    column('Label', labelHeading, ({ record }) => (name: string) => record.Config.Labels[name] ?? ''),
    column('Mounts', 'MOUNTS', ({ record, whole }) => mountsText(record, whole)),
    column('LocalVolumes', 'LOCAL VOLUMES', ({ record: { Mounts = [] } }) => String(Mounts.filter(({ Driver }) => Driver === 'local').length)),
    column('Networks', 'NETWORKS', ({ record }) => networksText(record)),
    column('Platform', 'PLATFORM', () => null),
  ],
  table,
  quiet: '{{.ID}}',
};

export const containerListingWithSizes: Listing<ContainerRow> = { ...containerListing, table: `${table}\t{{.Size}}` };
