// Health checks of a container that runs in this process.
import { type ContainerRecord, execIn, type HealthPlan, HealthMonitor } from '../engine/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Engine } from './setup.ts';

/** Checks it until the returned function is called. */
export function checkHealth({ containers, host }: Engine, { Id, Config }: ContainerRecord, plan: HealthPlan, machine: Machine): () => void {
  const monitor = new HealthMonitor(host, {
    plan,
    exec: (io) => execIn(machine, Config, { command: plan.argv }, io),
    isPaused: () => containers.exists(Id) && containers.find(Id).State.Status === 'paused',
    tell: (health) => { containers.checked(Id, health); },
  });
  return () => { monitor.end(); };
}
