// wherry tag: another name for an image.
import { demandName, InputError } from '../input.ts';
import { openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const tag: Verb = {
  name: 'tag',
  aliases: ['image tag'],
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  help: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  flags: [],
  words: [2, 2],
  interspersed: true,
  failure: 1,
  async run({ words: [source, target] }, terminal) {
    const { digest } = demandName(target!, `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: `);
    if (digest !== undefined) throw new InputError('refusing to create a tag with a digest reference');
    openImages(terminal).store.tag(source!, target!);
    return 0;
  },
};
