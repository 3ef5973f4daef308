// The hub as a file for dist/: what tools/build-hub.mjs runs.
import { buildHub } from './interp/build.ts';
import { assumeHostNans } from './ir/host-nan.ts';
import { table } from './x86/index.ts';
import './x87/index.ts';

/** The hub module with the handlers of all rows (see CpuConfig.hub), for every host. */
export function hubFile(): Uint8Array {
  assumeHostNans(false);
  try { return buildHub(table); } finally { assumeHostNans(undefined); }
}
