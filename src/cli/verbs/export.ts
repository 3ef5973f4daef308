// wherry export: the file system of a container as one tar.
import { streamOf } from '../byte-stream.ts';
import { operate } from '../container-operations.ts';
import { string } from '../flags.ts';
import { demandOutput, type Output, writeOutput } from '../output.ts';
import { Progress, watched } from '../progress.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const exportContainer: Verb = {
  name: 'export',
  aliases: ['container export'],
  usage: '[OPTIONS] CONTAINER',
  help: 'Export a container\'s filesystem as a tar archive',
  flags: [string('output', 'Write to a file, instead of STDOUT', 'o')],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const output: Output = { file: parsed.string('output'), what: 'export container', verb: 'save' };
    demandOutput(output, terminal);
    const engine = openEngine(terminal);
    const record = engine.containers.find(parsed.words[0]!);
    const chunks = streamOf((data) => operate(engine, record, 'export', {}, { data }));
    await writeOutput(watched(chunks, new Progress({ terminal, quiet: false }), { id: record.Id.slice(0, 12), action: 'Exporting', total: 0 }), output, terminal);
    return 0;
  },
};
