// wherry images: what the store holds.
import { familiarName, parseReference } from '../../oci/index.ts';
import type { Image } from '../../oci/index.ts';
import { filterFlag, filtersOf } from '../filters.ts';
import { bool, type Parsed } from '../flags.ts';
import { imageFilter } from '../image-filters.ts';
import { createdMs, imageListing, imageListingWithDigests, type ImageRow, rowsOf } from '../image-listing.ts';
import { formatFlag, list } from '../listing.ts';
import { openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Where an image that does not say when it was made is sorted. */
const BEFORE_ALL = -1e15;
const newestFirst = (a: Image, b: Image): number => (createdMs(b) ?? BEFORE_ALL) - (createdMs(a) ?? BEFORE_ALL);

function rows(parsed: Parsed, images: readonly Image[], names: (image: Image) => readonly string[]): ImageRow[] {
  const digests = parsed.bool('digests') || /\{\{\s*\.Digest\s*\}\}/.test(parsed.string('format') ?? '');
  const idOf = (image: Image): string => (parsed.bool('no-trunc') ? image.id : image.id.slice(7, 19));
  return images.flatMap((image) => rowsOf(image, names(image), digests, { id: idOf(image), containers: -1 }));
}

export const images: Verb = {
  name: 'images',
  aliases: ['image ls', 'image list'],
  common: true,
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  help: 'List images',
  flags: [bool('all', 'Show all images (default hides intermediate images)', 'a'), bool('digests', 'Show digests'), filterFlag(undefined, 'f'), formatFlag, bool('no-trunc', 'Don\'t truncate output'), bool('quiet', 'Only show image IDs', 'q')],
  words: [0, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { store } = openImages(terminal);
    for (const { manifestDigest, names: [name], reason } of store.damaged()) terminal.err(`WARNING: image ${name === undefined ? manifestDigest : familiarName(parseReference(name))} is damaged: ${reason}\n`);
    const wanted = parsed.words[0];
    const { test, names } = imageFilter([...filtersOf(parsed), ...(wanted === undefined ? [] : [['reference', wanted] as const])], store);
    const all = rows(parsed, store.images().filter(test).sort(newestFirst), names);
    terminal.out(list(parsed.bool('digests') ? imageListingWithDigests : imageListing, all, { format: parsed.string('format'), quiet: parsed.bool('quiet') }));
    return 0;
  },
};
