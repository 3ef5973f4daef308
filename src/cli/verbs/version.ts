// wherry version: what this is and what it runs on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** The version of package.json. */
export const versionText = (): string => (JSON.parse(readFileSync(join(installation(), 'package.json'), 'utf8')) as { version: string }).version;

export const version: Verb = {
  name: 'version',
  common: true,
  usage: '',
  help: 'Show version information',
  flags: [],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(_parsed, terminal) {
    terminal.out(`Wherry ${versionText()}\nNode ${process.version}, V8 ${process.versions.v8}, ${process.platform}/${process.arch}\nRuns linux/amd64 images (x86-64-v2)\n`);
    return 0;
  },
};
