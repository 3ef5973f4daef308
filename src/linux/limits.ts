// Resource limits and their first values, as Docker sets them. getrlimit(2).
import { resources, RLIM_INFINITY } from '../abi/index.ts';

export interface Limit { soft: bigint; hard: bigint }

const values: Partial<Record<keyof typeof resources, [bigint, bigint]>> = {
  RLIMIT_STACK: [8n << 20n, RLIM_INFINITY],
  RLIMIT_CORE: [0n, RLIM_INFINITY],
  RLIMIT_NOFILE: [1024n, 524288n],
  RLIMIT_MEMLOCK: [8n << 20n, 8n << 20n],
  RLIMIT_SIGPENDING: [31195n, 31195n],
  RLIMIT_MSGQUEUE: [819200n, 819200n],
  RLIMIT_NICE: [0n, 0n],
  RLIMIT_RTPRIO: [0n, 0n],
};

/** A new table of limits, indexed by RLIMIT_*. */
export function defaultLimits(): Limit[] {
  return Object.keys(resources).map((name) => {
    const [soft, hard] = values[name as keyof typeof resources] ?? [RLIM_INFINITY, RLIM_INFINITY];
    return { soft, hard };
  });
}
