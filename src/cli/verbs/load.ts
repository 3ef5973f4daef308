// wherry load: images from an archive into the store.
import { createReadStream, fstatSync, openSync } from 'node:fs';
import { humanSize } from '../columns.ts';
import { bool, string, UsageError } from '../flags.ts';
import { openImages } from '../setup.ts';
import { unpackLimit, unpackLimitHelp } from '../unpack-limit.ts';
import type { Terminal, Verb } from '../verb.ts';

function source(file: string | undefined, terminal: Terminal): AsyncIterable<Uint8Array> {
  if (file !== undefined) {
    const fd = openSync(file, 'r');
    if (fstatSync(fd).isDirectory()) throw Object.assign(new Error('a directory is no archive'), { code: 'EISDIR', syscall: 'read', path: file });
    return createReadStream(file, { fd, highWaterMark: 1 << 20 });
  }
  if (terminal.inIsTty) throw new UsageError('requested load from stdin, but stdin is empty');
  return process.stdin;
}

export const load: Verb = {
  name: 'load',
  aliases: ['image load'],
  usage: '[OPTIONS]',
  help: 'Load an image from a tar archive or STDIN',
  details: unpackLimitHelp,
  flags: [string('input', 'Read from tar archive file, instead of STDIN', 'i'), bool('quiet', 'Suppress the load output', 'q')],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const file = parsed.string('input');
    const images = openImages(terminal);
    const quiet = parsed.bool('quiet');
    const limit = unpackLimit(terminal);
    const loaded = await images.store.load(source(file, terminal), file ?? 'stdin', { ...limit, progress: (event) => {
      if (!quiet && event.kind === 'layer') terminal.err(`${event.layer.slice(7, 19)}: ${event.exists ? 'Layer already exists' : `Loading layer  ${humanSize(event.bytes, 4)}`}\n`);
    } });
    for (const { image, names } of loaded) {
      for (const name of names) terminal.out(`Loaded image: ${name}\n`);
      if (names.length === 0) terminal.out(`Loaded image ID: ${image.id}\n`);
    }
    return 0;
  },
};
