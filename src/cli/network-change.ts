// A container that runs is told that its networks have changed.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRecord, hasPrograms } from '../engine/index.ts';
import { ask } from './control.ts';
import type { Engine } from './setup.ts';

const STEP_MS = 20;

/** Until it has heard, or has ended. */
export async function tellOfNetworks({ containers, hostPath }: Engine, { Id }: ContainerRecord): Promise<void> {
  while (containers.exists(Id) && hasPrograms(containers.find(Id))) {
    try { if (await ask(hostPath(`containers/${Id}`), { operation: 'networks' })) return; } catch (error) {
      if ((error as { code?: string }).code !== 'GONE') throw error;
    }
    await sleep(STEP_MS);
  }
}
