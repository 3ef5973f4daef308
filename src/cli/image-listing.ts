// What `images` shows: a row for each name of an image, as docker makes them.
import { familiarRepository, type Image, parseReference } from '../oci/index.ts';
import { humanDuration, humanSize } from './columns.ts';
import { column, type Listing } from './listing.ts';
import { goTime } from './times.ts';

/** One line of `images`. */
export interface ImageRow { readonly repository: string; readonly tag: string; readonly digest: string; readonly image: Image; /** The ID as it is shown. */ readonly id: string; readonly containers: number; /** In bytes, where they are known: of layers that other images have, too, and of the others. */ readonly sizes?: { readonly shared: number; readonly unique: number } }

const NONE = '<none>';

/** Milliseconds since 1970, undefined when the image does not say when it was made. */
export function createdMs({ created }: Pick<Image, 'created'>): number | undefined {
  const ms = Date.parse(created ?? '');
  return Number.isNaN(ms) || (created ?? '').startsWith('0001-') ? undefined : ms;
}

/** "2 weeks ago", or nothing. */
export const ago = (ms: number | undefined): string => (ms === undefined ? '' : `${humanDuration(Math.max(0, (Date.now() - ms) / 1000))} ago`);

/** The digests that an image has in a repository. */
const digestsOf = (image: Image, repository: string): string[] => image.repoDigests.filter((text) => text.startsWith(`${repository}@`)).map((text) => text.slice(repository.length + 1));

/** The rows of an image, whose names are `names` of it; each with its digests where they are `wanted`. */
export function rowsOf(image: Image, names: readonly string[], wanted: boolean, shown: { id: string; containers: number }): ImageRow[] {
  const row = (repository: string, tag: string, digest: string): ImageRow => ({ repository, tag, digest, image, ...shown });
  const references = names.map(parseReference);
  if (references.length === 0) return [row(NONE, NONE, NONE)];
  const of = (repository: string): string[] => (wanted ? digestsOf(image, repository) : []);
  const tagged = references.filter((reference) => reference.digest === undefined);
  const untagged = references.filter(({ digest, domain, path }) => digest !== undefined && !tagged.some((other) => other.domain === domain && other.path === path));
  return [
    ...tagged.flatMap((reference) => orNone(of(familiarRepository(reference))).map((digest) => row(familiarRepository(reference), reference.tag ?? 'latest', digest))),
    ...[...new Set(untagged.map((reference) => `${familiarRepository(reference)}@${reference.digest}`))].map((text) => row(text.slice(0, text.indexOf('@')), NONE, wanted ? text.slice(text.indexOf('@') + 1) : NONE)),
  ];
}

const orNone = (digests: readonly string[]): readonly string[] => (digests.length === 0 ? [NONE] : digests);

export const imageListing: Listing<ImageRow> = {
  type: '*formatter.imageContext',
  columns: [
    column('ID', 'IMAGE ID', ({ id }) => id),
    column('Repository', 'REPOSITORY', ({ repository }) => repository),
    column('Tag', 'TAG', ({ tag }) => tag),
    column('Digest', 'DIGEST', ({ digest }) => digest),
    column('CreatedSince', 'CREATED', ({ image }) => ago(createdMs(image))),
    column('CreatedAt', 'CREATED AT', ({ image }) => goTime(createdMs(image) ?? Date.parse('0001-01-01T00:00:00Z'))),
    column('Size', 'SIZE', ({ image }) => humanSize(image.size)),
    column('Containers', 'CONTAINERS', ({ containers }) => (containers < 0 ? 'N/A' : String(containers))),
    column('VirtualSize', 'SIZE', ({ image }) => humanSize(image.size, 4)),
    column('SharedSize', 'SHARED SIZE', ({ sizes }) => (sizes ? humanSize(sizes.shared, 4) : 'N/A')),
    column('UniqueSize', 'UNIQUE SIZE', ({ sizes }) => (sizes ? humanSize(sizes.unique, 4) : 'N/A')),
  ],
  table: '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}',
  quiet: '{{.ID}}',
};

/** With --digests. */
export const imageListingWithDigests: Listing<ImageRow> = { ...imageListing, table: imageListing.table.replace('{{.Tag}}\t', '{{.Tag}}\t{{.Digest}}\t') };
