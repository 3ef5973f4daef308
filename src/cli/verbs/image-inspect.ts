// wherry image inspect: all that is known of images.
import { type Image, ImageError, type Store } from '../../oci/index.ts';
import { imageDocument } from '../image-document.ts';
import { string } from '../flags.ts';
import { inspect, inspectFormatFlag } from '../inspect.ts';
import { demandOwnPlatform } from '../platform-flag.ts';
import { openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Docker says it twice here. */
function findImage(store: Store, word: string): Image {
  try { return store.find(word); } catch (error) {
    throw error instanceof ImageError && error.code === 'no-such-image' ? new ImageError(error.code, `no such image: ${word}: ${error.message}`) : error;
  }
}

export const imageInspect: Verb = {
  name: 'image inspect',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  help: 'Display detailed information on one or more images',
  flags: [inspectFormatFlag, string('platform', `Inspect a specific platform of the multi-platform image.
If the image or the server is not multi-platform capable, the command will error out if the platform does not match.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)`)],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { store } = openImages(terminal);
    return inspect(parsed, terminal, (word) => {
      const image = findImage(store, word);
      demandOwnPlatform(parsed, `image with reference ${word} was found but`);
      return imageDocument(image);
    });
  },
};
