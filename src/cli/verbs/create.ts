// wherry create: a container from an image, not started.
import { containerFlags } from '../container-flags.ts';
import { containerRequest, demandNewCidFile, writeCidFile } from '../container-request.ts';
import { findImage } from '../find-image.ts';
import { newContainer } from '../new-container.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const create: Verb = {
  name: 'create',
  aliases: ['container create'],
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  help: 'Create a new container',
  flags: containerFlags,
  words: [1, Infinity],
  interspersed: false,
  failure: 1,
  async run(parsed, terminal) {
    const request = containerRequest(parsed, terminal, true);
    const engine = openEngine(terminal);
    const image = await findImage(parsed, engine, terminal);
    demandNewCidFile(request);
    const { Id } = await newContainer(engine, image, request);
    writeCidFile(request, Id);
    terminal.out(`${Id}\n`);
    return 0;
  },
};
