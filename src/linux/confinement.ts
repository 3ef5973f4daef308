// What the processes of a container are given, and kept from, when they begin: capabilities, limits, settings of the kernel.
import { resources, RLIM_INFINITY } from '../abi/index.ts';
import { DOCKER_CAPABILITIES } from './credentials.ts';
import type { Limit } from './limits.ts';

export interface Confinement {
  /** The bounding set; root begins with all of it. */
  readonly capabilities: bigint;
  readonly noNewPrivs: boolean;
  /** Instead of Docker's own, by the names of getrlimit(2). */
  readonly limits: Readonly<Partial<Record<keyof typeof resources, Limit>>>;
  readonly oomScoreAdj: number;
  /** The size of /dev/shm. */
  readonly shmBytes: number;
  /** Files of /proc/sys, by their names with points. */
  readonly sysctls: Readonly<Record<string, string>>;
}

export const usualConfinement: Confinement = { capabilities: DOCKER_CAPABILITIES, noNewPrivs: false, limits: {}, oomScoreAdj: 0, shmBytes: 64 * 2 ** 20, sysctls: {} };

/** -1 is no limit. */
export const limitOf = (soft: number, hard: number): Limit => ({ soft: soft < 0 ? RLIM_INFINITY : BigInt(soft), hard: hard < 0 ? RLIM_INFINITY : BigInt(hard) });
