// The one worker that has a page's store open: whatever another one ran has ended with it.
import type { Processes } from '../ports.ts';

/** Random: randomUUID is only there on secure origins. */
const self = { pid: 1, started: crypto.getRandomValues(new Uint32Array(4)).join('-') };

export const browserProcesses: Processes = { self, isAlive: ({ started }) => started === self.started };
