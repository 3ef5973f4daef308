// wherry commit: an image made of a container's image and what the container changed.
import { argvOf, type ContainerRecord, EngineError, imageConfigOf } from '../../engine/index.ts';
import { commitImage, type Image } from '../../oci/index.ts';
import { streamOf } from '../byte-stream.ts';
import { operate } from '../container-operations.ts';
import { fixedTime } from '../fixed-time.ts';
import { bool, list, string } from '../flags.ts';
import { demandName } from '../input.ts';
import { Progress, watched } from '../progress.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

function parentOf(record: ContainerRecord, { images }: Engine): Image {
  const parent = images.store.resolve(record.Image);
  if (!parent) throw new EngineError('NO_IMAGE', `the image of container ${record.Id} is not there any more: ${record.Image}`);
  return parent;
}

export const commit: Verb = {
  name: 'commit',
  aliases: ['container commit'],
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  help: 'Create a new image from a container\'s changes',
  flags: [
    string('author', 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', 'a'), list('change', 'Apply Dockerfile instruction to the created image', 'c'),
    string('message', 'Commit message', 'm'), bool('pause', 'Pause container during commit (default true)', 'p'),
  ],
  words: [1, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [word = '', name] = parsed.words;
    if (name !== undefined) demandName(name);
    const engine = openEngine(terminal);
    const record = engine.containers.find(word);
    const latestSec = fixedTime(terminal);
    const args = { pause: parsed.has('pause') ? parsed.bool('pause') : true, ...(latestSec === undefined ? {} : { latestSec }) };
    const layer = watched(streamOf((data) => operate(engine, record, 'layer', args, { data })), new Progress({ terminal, quiet: false }), { id: record.Id.slice(0, 12), action: 'Committing', total: 0 });
    const { id } = await commitImage(engine.images.store, parentOf(record, engine), layer, {
      names: name === undefined ? [] : [name], config: imageConfigOf(record), change: parsed.list('change'), createdBy: argvOf(record).join(' '),
      createdNs: latestSec === undefined ? engine.host.clock.realtimeNs() : BigInt(latestSec) * 1_000_000_000n,
      ...(parsed.string('message') ? { message: parsed.string('message')! } : {}), ...(parsed.string('author') ? { author: parsed.string('author')! } : {}),
    });
    terminal.out(`${id}\n`);
    engine.containers.events.ofContainer(record, 'commit', { comment: parsed.string('message') ?? '', imageID: id, imageRef: name ?? '' });
    return 0;
  },
};
