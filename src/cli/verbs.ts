// The verbs of the command line and their groups, one row each.
import type { Group, Verb } from './verb.ts';
import { demo } from './verbs/demo.ts';
import { images } from './verbs/images.ts';
import { load } from './verbs/load.ts';
import { run } from './verbs/run.ts';
import { version } from './verbs/version.ts';

export const groups: readonly Group[] = [
  { name: 'container', help: 'Manage containers' },
  { name: 'image', help: 'Manage images' },
];

export const verbs: readonly Verb[] = [
  demo,
  images,
  load,
  run,
  version,
];
