// wherry system df: what takes up space in the store.
import { volumeData } from '../../engine/index.ts';
import { humanSize } from '../columns.ts';
import { containerListing, type ContainerRow } from '../container-listing.ts';
import { type BuildUsage, type DiskUsage, diskUsage, usageSums, type UsageSum } from '../disk-usage.ts';
import { bool } from '../flags.ts';
import { ago, createdMs, imageListing, type ImageRow, rowsOf } from '../image-listing.ts';
import { column, formatFlag, list, type Listing, rowOf } from '../listing.ts';
import { type Engine, openEngine } from '../setup.ts';
import { executeTemplate, parseTemplate, typeOf } from '../template/index.ts';
import type { Verb } from '../verb.ts';
import { volumeListing, type VolumeRow } from '../volume-listing.ts';

const reclaimable = ({ bytes, reclaimable: free, share }: UsageSum): string => `${humanSize(free, 4)}${share && bytes > 0 ? ` (${Math.trunc((free * 100) / bytes)}%)` : ''}`;

const sumListing: Listing<UsageSum> = {
  type: '*formatter.diskUsageImagesContext',
  columns: [
    column('Type', 'TYPE', ({ type }) => type),
    column('TotalCount', 'TOTAL', ({ total }) => String(total)),
    column('Active', 'ACTIVE', ({ active }) => String(active)),
    column('Size', 'SIZE', ({ bytes }) => humanSize(bytes, 4)),
    column('Reclaimable', 'RECLAIMABLE', reclaimable),
  ],
  table: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
  quiet: '',
};

const buildListing: Listing<BuildUsage> = {
  type: '*formatter.buildCacheContext',
  columns: [
    column('ID', 'CACHE ID', ({ id, inUse }) => `${id.slice(0, 12)}${inUse ? '*' : ''}`),
    column('CacheType', 'CACHE TYPE', ({ created }) => (created === undefined ? 'exec.cachemount' : 'regular')),
    column('Size', 'SIZE', ({ bytes }) => humanSize(bytes, 3)),
    column('CreatedSince', 'CREATED', ({ created }) => ago(createdMs({ created }))),
    column('LastUsedSince', 'LAST USED', () => ''),
    column('UsageCount', 'USAGE', ({ inUse }) => (inUse ? '1' : '0')),
    column('Shared', 'SHARED', () => 'false'),
  ],
  table: '{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}',
  quiet: '',
};

const imageTable: Listing<ImageRow> = { ...imageListing, table: '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}' };
const containerTable: Listing<ContainerRow> = {
  ...containerListing, columns: containerListing.columns.map((each) => (each.name === 'Size' ? column('Size', 'SIZE', ({ sizes }: ContainerRow) => humanSize(sizes?.rw ?? 0)) : each)),
  table: '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}',
};
const volumeTable: Listing<VolumeRow> = { ...volumeListing, table: '{{.Name}}\t{{.Links}}\t{{.Size}}' };

const newest = (a: { created?: string | undefined }, b: { created?: string | undefined }): number => (createdMs({ created: b.created }) ?? 0) - (createdMs({ created: a.created }) ?? 0);

/** The rows of every kind. `whole`: ids in full. */
function rowsOfAll(engine: Engine, { images, containers, volumes, builds }: DiskUsage, whole: boolean) {
  const nowMs = Date.now();
  return {
    images: [...images].sort((a, b) => newest(a.image, b.image)).flatMap(({ image, shared, unique, containers: count }) => rowsOf(image, image.names.slice(0, 1), false, { id: whole ? image.id : image.id.slice(7, 19), containers: count }).map((row) => ({ ...row, sizes: { shared, unique } }))),
    containers: containers.map(({ record, rw }) => ({ record, image: record.Config.Image, whole, nowMs, sizes: { rw, rootFs: rw } })),
    volumes: volumes.map(({ volume, links, bytes }) => ({ volume, mountpoint: engine.hostPath(volumeData(volume.Name)), usage: { links, bytes } })),
    builds,
  };
}

const sections = (engine: Engine, usage: DiskUsage): string => {
  const rows = rowsOfAll(engine, usage, false);
  return `Images space usage:\n\n${list(imageTable, rows.images, {})}\nContainers space usage:\n\n${list(containerTable, rows.containers, {})}\nLocal Volumes space usage:\n\n${list(volumeTable, rows.volumes, {})}\n`
    + `Build cache usage: ${humanSize(rows.builds.reduce((sum, { bytes }) => sum + bytes, 0), 4)}\n\n${list(buildListing, rows.builds, {})}`;
};

/** All of it as one thing for a template. */
function document(engine: Engine, usage: DiskUsage) {
  const rows = rowsOfAll(engine, usage, true);
  return {
    Images: rows.images.map((row) => rowOf(imageTable, row)), Containers: rows.containers.map((row) => rowOf(containerTable, row)), Volumes: rows.volumes.map((row) => rowOf(volumeTable, row)),
    BuildCache: rows.builds.map((row) => rowOf(buildListing, row)), [typeOf]: '*formatter.diskUsageContext',
  };
}

export const systemDf: Verb = {
  name: 'system df',
  usage: '[OPTIONS]',
  help: 'Show wherry disk usage',
  flags: [formatFlag, bool('verbose', 'Show detailed information on space usage', 'v')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const format = parsed.string('format') ?? '';
    const usage = await diskUsage(engine);
    if (!parsed.bool('verbose')) terminal.out(list(sumListing, usageSums(usage), { format }));
    else if (format === '' || format === 'table') terminal.out(sections(engine, usage));
    else terminal.out(executeTemplate(parseTemplate(format === 'json' ? '{{json .}}' : format), document(engine, usage)));
    return 0;
  },
};
