// What a container is given of its host, in the words of dockerd's HostConfig: its fields, what a container has that asks for nothing, and what may not be asked.
import type { PortBindings } from './published-ports.ts';

export interface RestartPolicy {
  readonly Name: '' | 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** Of on-failure; 0: any number of times. */
  readonly MaximumRetryCount: number;
}

export interface Ulimit { readonly Name: string; readonly Hard: number; readonly Soft: number }

export interface Device { readonly PathOnHost: string; readonly PathInContainer: string; readonly CgroupPermissions: string }
export interface DeviceRequest { readonly Driver: string; readonly Count: number; readonly DeviceIDs: readonly string[] | null; readonly Capabilities: readonly (readonly string[])[] | null; readonly Options: Readonly<Record<string, string>> }
export interface WeightDevice { readonly Path: string; readonly Weight: number }
export interface ThrottleDevice { readonly Path: string; readonly Rate: number }

/** `--mount`, as it is kept. */
export interface MountRequest {
  readonly Type: string;
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: { readonly Propagation?: string; readonly NonRecursive?: boolean; readonly ReadOnlyNonRecursive?: boolean; readonly ReadOnlyForceRecursive?: boolean };
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Labels?: Texts; readonly Subpath?: string; readonly DriverConfig?: { readonly Name?: string; readonly Options?: Texts } };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

type Words = readonly string[];
type Texts = Readonly<Record<string, string>>;

/** All fields, in the daemon's order. Sizes are in bytes; what is `null` was not said. */
export interface HostConfig {
  readonly Binds: Words | null;
  readonly ContainerIDFile: string;
  readonly LogConfig: { readonly Type: string; readonly Config: Texts };
  /** default, bridge or host: the host's sockets lead out; none: there is only the loopback; else a network's name. */
  readonly NetworkMode: string;
  readonly PortBindings: PortBindings;
  readonly RestartPolicy: RestartPolicy;
  readonly AutoRemove: boolean;
  readonly VolumeDriver: string;
  readonly VolumesFrom: Words | null;
  /** Rows and columns of the terminal that it was made on. */
  readonly ConsoleSize: readonly [number, number];
  readonly Annotations?: Texts;
  readonly CapAdd: Words | null;
  readonly CapDrop: Words | null;
  readonly CgroupnsMode: string;
  readonly Dns: Words;
  readonly DnsOptions: Words;
  readonly DnsSearch: Words;
  readonly ExtraHosts: Words | null;
  readonly GroupAdd: Words | null;
  readonly IpcMode: string;
  readonly Cgroup: string;
  readonly Links: Words | null;
  readonly OomScoreAdj: number;
  readonly PidMode: string;
  readonly Privileged: boolean;
  /** Every exposed port gets one of the host. */
  readonly PublishAllPorts: boolean;
  readonly ReadonlyRootfs: boolean;
  readonly SecurityOpt: Words | null;
  readonly StorageOpt?: Texts;
  readonly Tmpfs?: Texts;
  readonly UTSMode: string;
  readonly UsernsMode: string;
  readonly ShmSize: number;
  readonly Sysctls?: Texts;
  readonly Runtime: string;
  readonly Isolation: string;
  readonly CpuShares: number;
  readonly Memory: number;
  /** Billionths of a processor; 0: no limit. */
  readonly NanoCpus: number;
  readonly CgroupParent: string;
  readonly BlkioWeight: number;
  readonly BlkioWeightDevice: readonly WeightDevice[];
  readonly BlkioDeviceReadBps: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteBps: readonly ThrottleDevice[];
  readonly BlkioDeviceReadIOps: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteIOps: readonly ThrottleDevice[];
  /** Microseconds. */
  readonly CpuPeriod: number;
  readonly CpuQuota: number;
  readonly CpuRealtimePeriod: number;
  readonly CpuRealtimeRuntime: number;
  readonly CpusetCpus: string;
  readonly CpusetMems: string;
  readonly Devices: readonly Device[];
  readonly DeviceCgroupRules: Words | null;
  readonly DeviceRequests: readonly DeviceRequest[] | null;
  readonly KernelMemory?: number;
  readonly MemoryReservation: number;
  /** Memory and swap together; -1: any. */
  readonly MemorySwap: number;
  readonly MemorySwappiness: number | null;
  readonly OomKillDisable: boolean;
  /** Tasks. */
  readonly PidsLimit: number | null;
  readonly Ulimits: readonly Ulimit[];
  readonly CpuCount: number;
  readonly CpuPercent: number;
  readonly IOMaximumIOps: number;
  readonly IOMaximumBandwidth: number;
  readonly Mounts?: readonly MountRequest[];
  readonly MaskedPaths: Words | null;
  readonly ReadonlyPaths: Words | null;
  readonly Init?: boolean;
}

/** What a container has that asks for nothing. A record keeps what is said beside it. */
export const hostDefaults: HostConfig = {
  Binds: null, ContainerIDFile: '', LogConfig: { Type: 'json-file', Config: {} }, NetworkMode: 'default', PortBindings: {}, RestartPolicy: { Name: 'no', MaximumRetryCount: 0 }, AutoRemove: false,
  VolumeDriver: '', VolumesFrom: null, ConsoleSize: [0, 0], CapAdd: null, CapDrop: null, CgroupnsMode: 'host', Dns: [], DnsOptions: [], DnsSearch: [], ExtraHosts: null, GroupAdd: null, IpcMode: 'private',
  Cgroup: '', Links: null, OomScoreAdj: 0, PidMode: '', Privileged: false, PublishAllPorts: false, ReadonlyRootfs: false, SecurityOpt: null, UTSMode: '', UsernsMode: '', ShmSize: 67108864, Runtime: 'wherry',
  Isolation: '', CpuShares: 0, Memory: 0, NanoCpus: 0, CgroupParent: '', BlkioWeight: 0, BlkioWeightDevice: [], BlkioDeviceReadBps: [], BlkioDeviceWriteBps: [], BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [], CpuPeriod: 0, CpuQuota: 0, CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0, CpusetCpus: '', CpusetMems: '', Devices: [], DeviceCgroupRules: null, DeviceRequests: null,
  MemoryReservation: 0, MemorySwap: 0, MemorySwappiness: null, OomKillDisable: false, PidsLimit: null, Ulimits: [], CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0,
  MaskedPaths: ['/proc/asound', '/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware'],
  ReadonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
};

/** What a container that was kept has of its host. */
export const hostConfigOf = ({ HostConfig }: { readonly HostConfig: Partial<HostConfig> }): HostConfig => ({ ...hostDefaults, ...HostConfig });
