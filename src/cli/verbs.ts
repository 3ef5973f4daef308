// The verbs of the command line and their groups, one row each.
import type { Group, Verb } from './verb.ts';
import { create } from './verbs/create.ts';
import { demo } from './verbs/demo.ts';
import { images } from './verbs/images.ts';
import { load } from './verbs/load.ts';
import { ps } from './verbs/ps.ts';
import { rename } from './verbs/rename.ts';
import { rm } from './verbs/rm.ts';
import { run } from './verbs/run.ts';
import { start } from './verbs/start.ts';
import { version } from './verbs/version.ts';

export const groups: readonly Group[] = [
  { name: 'container', help: 'Manage containers' },
  { name: 'image', help: 'Manage images' },
];

export const verbs: readonly Verb[] = [
  create,
  demo,
  images,
  load,
  ps,
  rename,
  rm,
  run,
  start,
  version,
];
