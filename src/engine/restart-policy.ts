// Restart policies: whether a container whose program has ended is started again, and how long that waits. As dockerd's restart manager.
import type { ContainerRecord } from './container-record.ts';
import { hostConfigOf } from './host-config.ts';

const FIRST_MS = 100, LONGEST_MS = 60_000;
/** Who ran for so long has not failed at its start: the wait begins anew. */
const SETTLED_MS = 10_000;

/** Whether its policy starts it again. */
export function isToRestart(record: ContainerRecord, exitCode: number): boolean {
  const { Name, MaximumRetryCount } = hostConfigOf(record).RestartPolicy;
  if (record.IsStopped) return false;
  if (Name === 'on-failure') return exitCode !== 0 && (MaximumRetryCount === 0 || (record.RestartCount ?? 0) < MaximumRetryCount);
  return Name === 'always' || Name === 'unless-stopped';
}

/** Whether it has a policy that may start it again. */
export const hasRestartPolicy = (record: Pick<ContainerRecord, 'HostConfig'>): boolean => !['', 'no'].includes(hostConfigOf(record).RestartPolicy.Name);

/** How long the next start waits, after one that ran for `ranMs` and had waited `lastMs` (0: it was the first). */
export function restartDelayMs(lastMs: number, ranMs: number): number {
  if (lastMs === 0 || ranMs >= SETTLED_MS) return FIRST_MS;
  return Math.min(2 * lastMs, LONGEST_MS);
}
