// wherry images: what the store holds.
import { familiarName, type Image, parseReference } from '../../oci/index.ts';
import { columns, humanDuration, humanSize } from '../columns.ts';
import { bool } from '../flags.ts';
import { openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

interface Line { readonly repository: string; readonly tag: string; readonly image: Image }

function lines(image: Image): Line[] {
  if (image.names.length === 0) return [{ repository: '<none>', tag: '<none>', image }];
  return image.names.map((name) => {
    const familiar = familiarName(parseReference(name));
    const colon = familiar.lastIndexOf(':');
    return colon > familiar.lastIndexOf('/') ? { repository: familiar.slice(0, colon), tag: familiar.slice(colon + 1), image } : { repository: familiar, tag: '<none>', image };
  });
}

const created = (image: Image): number => Date.parse((image.config as { created?: string }).created ?? '') || 0;
const age = (image: Image): string => (created(image) === 0 ? 'N/A' : `${humanDuration((Date.now() - created(image)) / 1000)} ago`);

export const images: Verb = {
  name: 'images',
  aliases: ['image ls', 'image list'],
  common: true,
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  help: 'List images',
  flags: [bool('quiet', 'Only show image IDs', 'q'), bool('no-trunc', 'Don\'t truncate output')],
  words: [0, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const wanted = parsed.words[0];
    const matches = (line: Line): boolean => wanted === undefined || line.repository === wanted || `${line.repository}:${line.tag}` === wanted;
    const rows = openImages(terminal).store.images().sort((a, b) => created(b) - created(a)).flatMap(lines).filter(matches);
    const id = (image: Image): string => (parsed.bool('no-trunc') ? image.id : image.id.slice(7, 19));
    if (parsed.bool('quiet')) {
      for (const line of rows) terminal.out(`${id(line.image)}\n`);
      return 0;
    }
    const table = columns([['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'], ...rows.map((l) => [l.repository, l.tag, id(l.image), age(l.image), humanSize(l.image.size)])]);
    terminal.out(`${table.join('\n')}\n`);
    return 0;
  },
};
