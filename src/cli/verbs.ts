// The verbs of the command line and their groups, one row each.
import type { Group, Verb } from './verb.ts';
import { attach } from './verbs/attach.ts';
import { build } from './verbs/build.ts';
import { builderPrune } from './verbs/builder-prune.ts';
import { commit } from './verbs/commit.ts';
import { answerCompletion, completion } from './verbs/completion.ts';
import { containerInspect } from './verbs/container-inspect.ts';
import { containerPrune } from './verbs/container-prune.ts';
import { cp } from './verbs/cp.ts';
import { create } from './verbs/create.ts';
import { demo } from './verbs/demo.ts';
import { diff } from './verbs/diff.ts';
import { doctor } from './verbs/doctor.ts';
import { events } from './verbs/events.ts';
import { exec } from './verbs/exec.ts';
import { exportContainer } from './verbs/export.ts';
import { history } from './verbs/history.ts';
import { imageInspect } from './verbs/image-inspect.ts';
import { imagePrune } from './verbs/image-prune.ts';
import { images } from './verbs/images.ts';
import { importVerb } from './verbs/import.ts';
import { info } from './verbs/info.ts';
import { inspect } from './verbs/inspect.ts';
import { kill } from './verbs/kill.ts';
import { load } from './verbs/load.ts';
import { login } from './verbs/login.ts';
import { logout } from './verbs/logout.ts';
import { logs } from './verbs/logs.ts';
import { manifestInspect } from './verbs/manifest-inspect.ts';
import { networkConnect } from './verbs/network-connect.ts';
import { networkCreate } from './verbs/network-create.ts';
import { networkDisconnect } from './verbs/network-disconnect.ts';
import { networkInspect } from './verbs/network-inspect.ts';
import { networkLs } from './verbs/network-ls.ts';
import { networkPrune } from './verbs/network-prune.ts';
import { networkRm } from './verbs/network-rm.ts';
import { pause, unpause } from './verbs/pause.ts';
import { port } from './verbs/port.ts';
import { ps } from './verbs/ps.ts';
import { pull } from './verbs/pull.ts';
import { push } from './verbs/push.ts';
import { rename } from './verbs/rename.ts';
import { restart } from './verbs/restart.ts';
import { rm } from './verbs/rm.ts';
import { rmi } from './verbs/rmi.ts';
import { run } from './verbs/run.ts';
import { save } from './verbs/save.ts';
import { search } from './verbs/search.ts';
import { start } from './verbs/start.ts';
import { stats } from './verbs/stats.ts';
import { stop } from './verbs/stop.ts';
import { supervise } from './verbs/supervise.ts';
import { systemDf } from './verbs/system-df.ts';
import { systemPrune } from './verbs/system-prune.ts';
import { tag } from './verbs/tag.ts';
import { top } from './verbs/top.ts';
import { update } from './verbs/update.ts';
import { version } from './verbs/version.ts';
import { volumeCreate } from './verbs/volume-create.ts';
import { volumeInspect } from './verbs/volume-inspect.ts';
import { volumeLs } from './verbs/volume-ls.ts';
import { volumePrune } from './verbs/volume-prune.ts';
import { volumeRm } from './verbs/volume-rm.ts';
import { wait } from './verbs/wait.ts';

export const groups: readonly Group[] = [
  { name: 'builder', help: 'Manage builds' },
  { name: 'container', help: 'Manage containers' },
  { name: 'image', help: 'Manage images' },
  { name: 'manifest', help: 'Manage Docker image manifests and manifest lists' },
  { name: 'network', help: 'Manage networks' },
  { name: 'system', help: 'Manage Wherry' },
  { name: 'volume', help: 'Manage volumes', usage: ' COMMAND' },
];

export const verbs: readonly Verb[] = [
  answerCompletion,
  attach,
  build,
  builderPrune,
  commit,
  completion,
  containerInspect,
  containerPrune,
  cp,
  create,
  demo,
  diff,
  doctor,
  events,
  exec,
  exportContainer,
  history,
  imageInspect,
  imagePrune,
  images,
  importVerb,
  info,
  inspect,
  kill,
  load,
  login,
  logout,
  logs,
  manifestInspect,
  networkConnect,
  networkCreate,
  networkDisconnect,
  networkInspect,
  networkLs,
  networkPrune,
  networkRm,
  pause,
  port,
  ps,
  pull,
  push,
  rename,
  restart,
  rm,
  rmi,
  run,
  save,
  search,
  start,
  stats,
  stop,
  supervise,
  systemDf,
  systemPrune,
  tag,
  top,
  unpause,
  update,
  version,
  volumeCreate,
  volumeInspect,
  volumeLs,
  volumePrune,
  volumeRm,
  wait,
];
