// From HostConfig to what the machine gives its processes: capabilities, limits, sizes.
import type { resources } from '../abi/index.ts';
import { type Confinement, DOCKER_CAPABILITIES, type Kernel, limitOf } from '../linux/index.ts';
import { capabilityNames } from './demand-host-config.ts';
import { type HostConfig, hostDefaults } from './host-config.ts';

const ALL = (1n << BigInt(capabilityNames.length)) - 1n;
const bitOf = (name: string): bigint => 1n << BigInt(capabilityNames.indexOf(name.replace('CAP_', '')));
const setOf = (names: readonly string[] | null): bigint => (names ?? []).filter((name) => name !== 'ALL').reduce((set, name) => set | bitOf(name), 0n);

/** Docker's rule: ALL added, less what is dropped; ALL dropped, and what is added; else the usual ones, less what is dropped, and what is added. */
export function capabilitySet({ CapAdd = null, CapDrop = null, Privileged = false }: Partial<HostConfig>): bigint {
  if (Privileged) return ALL;
  if (CapAdd?.includes('ALL')) return ALL & ~setOf(CapDrop);
  return (CapDrop?.includes('ALL') ? 0n : DOCKER_CAPABILITIES & ~setOf(CapDrop)) | setOf(CapAdd);
}

type Limits = Confinement['limits'];

const limitsOf = (ulimits: HostConfig['Ulimits']): Limits =>
  Object.fromEntries(ulimits.map(({ Name, Soft, Hard }) => [`RLIMIT_${Name.toUpperCase()}` as keyof typeof resources, limitOf(Soft, Hard)]));

const forbidsPrivileges = (words: HostConfig['SecurityOpt']): boolean => words?.some((word) => /^no-new-privileges(?:[:=]true)?$/.test(word)) ?? false;

export function confinementOf(host: Partial<HostConfig>): Partial<Confinement> {
  const { SecurityOpt, Ulimits, OomScoreAdj, ShmSize, Sysctls } = { ...hostDefaults, ...host };
  return { capabilities: capabilitySet(host), noNewPrivs: forbidsPrivileges(SecurityOpt), limits: limitsOf(Ulimits), oomScoreAdj: OomScoreAdj, shmBytes: ShmSize, sysctls: Sysctls ?? {} };
}

/** Processors, from --cpus or a quota; 0: no limit. */
function cpus({ NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0 }: Partial<HostConfig>): number {
  if (NanoCpus > 0) return NanoCpus / 1e9;
  return CpuQuota > 0 ? CpuQuota / (CpuPeriod || 100_000) : 0;
}

/** Limits in the machine's terms; 0 and negative numbers are none. */
export function resourcesOf(host: Partial<HostConfig>): Kernel['resources'] {
  const { Memory = 0, PidsLimit } = host;
  const processors = cpus(host);
  return { ...(Memory > 0 ? { memoryBytes: Memory } : {}), ...(processors > 0 ? { cpus: processors } : {}), ...(PidsLimit && PidsLimit > 0 ? { pids: PidsLimit } : {}) };
}
