// wherry save: images into an archive that docker, podman and skopeo read.
import { imagesToSave, saveImages } from '../../oci/index.ts';
import { string } from '../flags.ts';
import { demandOutput, writeOutput } from '../output.ts';
import { demandOwnPlatform, platformFlag } from '../platform-flag.ts';
import { Progress } from '../progress.ts';
import { openEvents, openImages } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const save: Verb = {
  name: 'save',
  aliases: ['image save'],
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  help: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  flags: [string('output', 'Write to a file, instead of STDOUT', 'o'), platformFlag('Save only the given platform variant.')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const output = { file: parsed.string('output'), what: 'save image', verb: 'save' };
    demandOutput(output, terminal);
    const { store } = openImages(terminal);
    const images = imagesToSave(store, parsed.words);
    demandOwnPlatform(parsed, `image with reference ${parsed.words[0]} was found but`);
    const progress = new Progress({ terminal, quiet: false });
    const id = parsed.words.length === 1 ? parsed.words[0]! : `${parsed.words.length} images`;
    await writeOutput(saveImages(store, images, { reuse: true, progress: (current, total = 0) => progress.update({ id, action: 'Saving', current, total }) }), output, terminal);
    progress.end();
    const events = openEvents(terminal);
    for (const word of parsed.words) { const image = store.resolve(word); if (image) events.ofImage(image, 'save'); }
    return 0;
  },
};
