// wherry tag: another name for an image.
import { ImageError, parseReference } from '../../oci/index.ts';
import { InputError } from '../input.ts';
import { openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Throws InputError in the words of docker's client. */
function demandName(word: string): void {
  let digest: string | undefined;
  try { ({ digest } = parseReference(word)); } catch (error) {
    throw error instanceof ImageError ? new InputError(`Error parsing reference: ${JSON.stringify(word)} is not a valid repository/tag: ${error.message}`) : error;
  }
  if (digest !== undefined) throw new InputError('refusing to create a tag with a digest reference');
}

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
    demandName(target!);
    openImages(terminal).store.tag(source!, target!);
    return 0;
  },
};
