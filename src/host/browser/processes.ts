// The one worker that has a page's store open: whatever another one ran has ended with it.
import type { Processes } from '../ports.ts';

const self = { pid: 1, started: crypto.randomUUID() };

export const browserProcesses: Processes = { self, isAlive: ({ started }) => started === self.started };
