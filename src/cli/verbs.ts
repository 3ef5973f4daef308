// The verbs of the command line, one row each.
import type { Verb } from './verb.ts';
import { demo } from './verbs/demo.ts';
import { images } from './verbs/images.ts';
import { load } from './verbs/load.ts';
import { run } from './verbs/run.ts';
import { version } from './verbs/version.ts';

export const verbs: readonly Verb[] = [run, load, images, version, demo];
