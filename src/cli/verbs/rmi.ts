// wherry rmi: takes names of images away, and the images with their last ones.
import { ImageError, type Removed } from '../../oci/index.ts';
import { messageOf } from '../errors.ts';
import { bool } from '../flags.ts';
import { demandOwnPlatform, platformFlag } from '../platform-flag.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const line = (removed: Removed): string => ('untagged' in removed ? `Untagged: ${removed.untagged}` : `Deleted: ${removed.deleted}`);

export const rmi: Verb = {
  name: 'rmi',
  aliases: ['image rm', 'image remove'],
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  help: 'Remove one or more images',
  flags: [bool('force', 'Force removal of the image', 'f'), bool('no-prune', 'Do not delete untagged parents'), { ...platformFlag('Remove only the given platform variant.'), argument: 'strings' }],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { images, containers } = openEngine(terminal);
    demandOwnPlatform(parsed, 'the image');
    const force = parsed.bool('force');
    const errors: unknown[] = [];
    for (const word of parsed.words) {
      try {
        const image = images.store.resolve(word);
        for (const removed of images.store.remove(word, { force, inUse: containers.users() })) {
          terminal.out(`${line(removed)}\n`);
          if ('untagged' in removed || removed.deleted === image?.id) containers.events.ofImage(image!, 'untagged' in removed ? 'untag' : 'delete');
        }
      } catch (error) { errors.push(error); }
    }
    for (const error of errors) terminal.err(`${messageOf(error)}\n`);
    const isMissing = (error: unknown): boolean => error instanceof ImageError && error.code === 'no-such-image';
    return errors.length === 0 || (force && errors.every(isMissing)) ? 0 : 1;
  },
};
