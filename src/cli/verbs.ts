// The verbs of the command line and their groups, one row each.
import type { Group, Verb } from './verb.ts';
import { create } from './verbs/create.ts';
import { demo } from './verbs/demo.ts';
import { history } from './verbs/history.ts';
import { imageInspect } from './verbs/image-inspect.ts';
import { imagePrune } from './verbs/image-prune.ts';
import { images } from './verbs/images.ts';
import { importVerb } from './verbs/import.ts';
import { inspect } from './verbs/inspect.ts';
import { load } from './verbs/load.ts';
import { ps } from './verbs/ps.ts';
import { rename } from './verbs/rename.ts';
import { rm } from './verbs/rm.ts';
import { rmi } from './verbs/rmi.ts';
import { run } from './verbs/run.ts';
import { save } from './verbs/save.ts';
import { start } from './verbs/start.ts';
import { supervise } from './verbs/supervise.ts';
import { tag } from './verbs/tag.ts';
import { version } from './verbs/version.ts';

export const groups: readonly Group[] = [
  { name: 'container', help: 'Manage containers' },
  { name: 'image', help: 'Manage images' },
];

export const verbs: readonly Verb[] = [
  create,
  demo,
  history,
  imageInspect,
  imagePrune,
  images,
  importVerb,
  inspect,
  load,
  ps,
  rename,
  rm,
  rmi,
  run,
  save,
  start,
  supervise,
  tag,
  version,
];
