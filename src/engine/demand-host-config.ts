// What dockerd refuses of a HostConfig, in its words: a row each, looked at in this order.
import { EngineError } from './errors.ts';
import type { HostConfig } from './host-config.ts';
import type { ContainerConfig } from './process-config.ts';
import { signalNumber } from './signal-names.ts';

const MIB = 2 ** 20;

/** Linux's capabilities in the order of their numbers, without CAP_ (capability.h). */
export const capabilityNames = ('CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT '
  + 'SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE').split(' ');

/** What logging drivers that we have understand. */
const logDrivers: Readonly<Record<string, readonly string[]>> = {
  'json-file': ['max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag', 'mode', 'max-buffer-size'],
  local: ['max-size', 'max-file', 'compress', 'mode', 'max-buffer-size'],
  none: [],
};

const securityKeys = ['label', 'apparmor', 'seccomp', 'no-new-privileges', 'writable-cgroups', 'systempaths'];

/** The first capability nobody knows. */
const unknownCapability = (words: readonly string[] | null | undefined): string | undefined =>
  words?.map((word) => word.toUpperCase()).map((word) => (word === 'ALL' || word.startsWith('CAP_') ? word : `CAP_${word}`)).find((word) => word !== 'ALL' && !capabilityNames.includes(word.slice(4)));

function capability(field: string, words: readonly string[] | null | undefined): string | undefined {
  const wrong = unknownCapability(words);
  return wrong && `invalid ${field}: unknown capability: ${JSON.stringify(wrong)}`;
}

function restart({ RestartPolicy: policy }: Partial<HostConfig>): string | undefined {
  if (!policy) return undefined;
  if (!['', 'no', 'always', 'on-failure', 'unless-stopped'].includes(policy.Name)) return `invalid restart policy '${policy.Name}'`;
  if (policy.Name !== 'on-failure' && policy.MaximumRetryCount !== 0) return `maximum retry count cannot be used with restart policy '${policy.Name}'`;
  return policy.MaximumRetryCount < 0 ? 'maximum retry count cannot be negative' : undefined;
}

function logging({ LogConfig }: Partial<HostConfig>): string | undefined {
  if (!LogConfig) return undefined;
  const known = Object.hasOwn(logDrivers, LogConfig.Type) ? logDrivers[LogConfig.Type]! : undefined;
  if (!known) return `error looking up logging plugin ${LogConfig.Type}: plugin "${LogConfig.Type}" not found`;
  const wrong = LogConfig.Type === 'none' ? undefined : Object.keys(LogConfig.Config).find((key) => !known.includes(key));
  return wrong === undefined ? undefined : `unknown log opt '${wrong}' for ${LogConfig.Type} log driver`;
}

/** The first word that is neither a list of numbers and ranges. */
const isSet = (said: string): boolean => /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(said);
const cpuset = (what: string, said = ''): string | undefined => (said === '' || isSet(said) ? undefined : `Invalid value ${said} for cpuset ${what}: invalid format: ${said}`);

/** What is wrong, or undefined. */
const rules: readonly ((host: Partial<HostConfig>) => string | undefined | false)[] = [
  ({ Memory = 0 }) => Memory !== 0 && Memory < 6 * MIB && 'Minimum memory limit allowed is 6MB',
  ({ Memory = 0, MemorySwap = 0 }) => Memory > 0 && MemorySwap > 0 && MemorySwap < Memory && 'Minimum memoryswap limit should be larger than memory limit, see usage',
  ({ Memory = 0, MemorySwap = 0 }) => Memory === 0 && MemorySwap > 0 && 'You should always set the Memory limit when using Memoryswap limit, see usage',
  ({ MemoryReservation = 0 }) => MemoryReservation > 0 && MemoryReservation < 6 * MIB && 'Minimum memory reservation allowed is 6MB',
  ({ Memory = 0, MemoryReservation = 0 }) => Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation && 'Minimum memory limit can not be less than memory reservation limit, see usage',
  ({ NanoCpus = 0, CpuPeriod = 0 }) => NanoCpus > 0 && CpuPeriod > 0 && 'Conflicting options: Nano CPUs and CPU Period cannot both be set',
  ({ NanoCpus = 0, CpuQuota = 0 }) => NanoCpus > 0 && CpuQuota > 0 && 'Conflicting options: Nano CPUs and CPU Quota cannot both be set',
  ({ CpuPeriod = 0 }) => CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1000000) && 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  ({ CpuQuota = 0 }) => CpuQuota > 0 && CpuQuota < 1000 && 'CPU cfs quota can not be less than 1ms (i.e. 1000)',
  ({ CpusetCpus }) => cpuset('cpus', CpusetCpus),
  ({ CpusetMems }) => cpuset('mems', CpusetMems),
  ({ OomScoreAdj = 0 }) => Math.abs(OomScoreAdj) > 1000 && `Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`,
  ({ ShmSize = 0 }) => ShmSize < 0 && 'SHM size can not be less than 0',
  ({ Isolation = '' }) => !['', 'default'].includes(Isolation.toLowerCase()) && `Invalid isolation: ${JSON.stringify(Isolation)} - linux only supports 'default'`,
  ({ Runtime = 'wherry' }) => !['wherry', 'runc', ''].includes(Runtime) && `Unknown runtime specified ${Runtime}`,
  ({ CapAdd }) => capability('CapAdd', CapAdd),
  ({ CapDrop }) => capability('CapDrop', CapDrop),
  restart,
  logging,
  ({ StorageOpt }) => StorageOpt && Object.keys(StorageOpt).length > 0 && 'Filesystem does not support, or has not enabled quotas',
  ({ SecurityOpt }) => { const wrong = SecurityOpt?.find((word) => !securityKeys.includes(word.split(/[=:]/)[0]!)); return wrong !== undefined && `invalid --security-opt 2: ${JSON.stringify(wrong)}`; },
];

const MILLISECOND = 1_000_000;

/** Throws EngineError 'BAD_CONFIG', 'BAD_SIGNAL'. */
export function demandConfig({ StopSignal, Healthcheck = {} }: Pick<ContainerConfig, 'StopSignal' | 'Healthcheck'>): void {
  if (StopSignal) signalNumber(StopSignal);
  const short = (['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const).find((key) => { const time = Healthcheck[key] ?? 0; return time !== 0 && time < MILLISECOND; });
  if (short) throw new EngineError('BAD_CONFIG', `${short} in Healthcheck cannot be less than 1ms`);
}

/** Throws EngineError 'BAD_HOST_CONFIG'. */
export function demandHostConfig(host: Partial<HostConfig>): void {
  for (const rule of rules) {
    const wrong = rule(host);
    if (wrong) throw new EngineError('BAD_HOST_CONFIG', wrong);
  }
}

const withPrefix = (word: string): string => { const upper = word.toUpperCase(); return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`; };
const capabilities = (words: readonly string[] | null): string[] | null => words && words.map(withPrefix).sort();

/** What dockerd makes of what was said before it keeps it: names in full, what follows from something else. */
export function adaptedHostConfig(host: Partial<HostConfig>): Partial<HostConfig> {
  const { Memory = 0, MemorySwap = 0, CapAdd, CapDrop, Privileged, IpcMode, PidMode, PidsLimit, Runtime, ShmSize, SecurityOpt, ...rest } = host;
  const systemPaths = SecurityOpt?.includes('systempaths=unconfined');
  const security = SecurityOpt?.filter((word) => word !== 'systempaths=unconfined');
  const unlabelled = Privileged || IpcMode === 'host' || PidMode === 'host';
  return {
    ...rest, ...(Memory > 0 ? { Memory, MemorySwap: MemorySwap === 0 ? 2 * Memory : MemorySwap } : MemorySwap === -1 ? { MemorySwap } : {}), ...(CapAdd ? { CapAdd: capabilities(CapAdd) } : {}),
    ...(CapDrop ? { CapDrop: capabilities(CapDrop) } : {}), ...(IpcMode ? { IpcMode } : {}), ...(PidMode ? { PidMode } : {}), ...(PidsLimit && PidsLimit > 0 ? { PidsLimit } : {}), ...(Runtime && Runtime !== 'runc' ? { Runtime } : {}),
    ...(ShmSize ? { ShmSize } : {}), ...(Privileged ? { Privileged, MaskedPaths: null, ReadonlyPaths: null } : {}), ...(systemPaths ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    ...(security || unlabelled ? { SecurityOpt: [...security ?? [], ...(unlabelled && !security?.includes('label=disable') ? ['label=disable'] : [])] } : {}),
  };
}
