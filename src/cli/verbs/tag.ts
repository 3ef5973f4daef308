// wherry tag: another name for an image.
import { familiarName, fullName, parseReference } from '../../oci/index.ts';
import { demandName, InputError } from '../input.ts';
import { openEvents, openImages } from '../setup.ts';
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
    const { store } = openImages(terminal);
    store.tag(source!, target!);
    openEvents(terminal).ofImage(store.find(target!), 'tag', familiarName(parseReference(fullName(parseReference(target!)))));
    return 0;
  },
};
