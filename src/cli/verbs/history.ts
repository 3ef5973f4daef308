// wherry history: how an image came about, the newest step first.
import type { Image } from '../../oci/index.ts';
import { humanSize } from '../columns.ts';
import { bool, type Parsed } from '../flags.ts';
import { ago } from '../image-listing.ts';
import { column, formatFlag, type Listing, list } from '../listing.ts';
import { demandOwnPlatform, platformFlag } from '../platform-flag.ts';
import { openImages } from '../setup.ts';
import { rfc3339 } from '../times.ts';
import type { Verb } from '../verb.ts';

interface Step { readonly id: string; readonly createdMs: number | undefined; readonly createdBy: string; readonly sizeBytes: number; readonly comment: string }

const momentOf = (text: string | undefined): number | undefined => { const ms = Date.parse(text ?? ''); return Number.isNaN(ms) || (text ?? '').startsWith('0001-') ? undefined : ms; };

/** The steps, newest first. Those that made a layer have its size; only the newest has an ID. */
function stepsOf(image: Image): Step[] {
  const layers = image.layers.values();
  const steps = (image.config.history ?? []).map((entry): Step => ({
    id: '<missing>', createdMs: momentOf(entry.created), createdBy: entry.created_by ?? '', comment: entry.comment ?? '', sizeBytes: entry.empty_layer ? 0 : layers.next().value?.contentSize ?? 0,
  })).reverse();
  return steps.map((step, i) => (i === 0 ? { ...step, id: image.id } : step));
}

const SHOWN = 45;
const ellipsis = (text: string): string => ([...text].length <= SHOWN ? text : `${[...text].slice(0, SHOWN - 1).join('')}…`);

function listingOf(human: boolean, whole: boolean): Listing<Step> {
  const at = ({ createdMs }: Step): string => (createdMs === undefined ? '' : rfc3339(createdMs));
  const by = ({ createdBy }: Step): string => createdBy.replaceAll('\t', ' ');
  return {
    type: '*image.historyContext',
    columns: [
      column('ID', 'IMAGE', ({ id }) => (whole ? id : id.replace('sha256:', '').slice(0, 12))),
      column('CreatedSince', 'CREATED', (step) => (human ? ago(step.createdMs) || 'N/A' : at(step))),
      column('CreatedAt', 'CREATED AT', at),
      column('CreatedBy', 'CREATED BY', (step) => (whole ? by(step) : ellipsis(by(step)))),
      column('Size', 'SIZE', ({ sizeBytes }) => (human ? humanSize(sizeBytes) : String(sizeBytes))),
      column('Comment', 'COMMENT', ({ comment }) => comment),
    ],
    table: `{{.ID}}\t{{.Created${human ? 'Since' : 'At'}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
    quiet: '{{.ID}}',
  };
}

const isHuman = (parsed: Parsed): boolean => !parsed.has('human') || parsed.bool('human');

export const history: Verb = {
  name: 'history',
  aliases: ['image history'],
  usage: '[OPTIONS] IMAGE',
  help: 'Show the history of an image',
  flags: [formatFlag, { ...bool('human', 'Print sizes and dates in human readable format', 'H'), initial: 'true' }, bool('no-trunc', 'Don\'t truncate output'), platformFlag('Show history for the given platform.'), bool('quiet', 'Only show image IDs', 'q')],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const image = openImages(terminal).store.find(parsed.words[0]!);
    demandOwnPlatform(parsed, `image with reference ${parsed.words[0]} was found but`);
    terminal.out(list(listingOf(isHuman(parsed), parsed.bool('no-trunc')), stepsOf(image), { format: parsed.string('format'), quiet: parsed.bool('quiet') }));
    return 0;
  },
};
