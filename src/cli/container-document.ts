// What inspect tells of a container: Docker's document; what cannot be said here (cgroups, security labels, addresses) has the value of a container that asks for nothing.
import { argvOf, type ContainerRecord, logPath } from '../engine/index.ts';
import { nilMap, nilSlice, omitEmpty, type Struct } from './template/index.ts';

const mapOf = (entries: object | null | undefined): ReadonlyMap<string, unknown> => (entries ? new Map(Object.entries(entries)) : nilMap);

function stateDocument({ State }: ContainerRecord): Struct {
  const runs = State.Status === 'running';
  return {
    Status: State.Status, Running: runs, Paused: false, Restarting: false, OOMKilled: false, Dead: false, Pid: runs ? State.Supervisor?.pid ?? 0 : 0, ExitCode: State.ExitCode, Error: State.Error,
    StartedAt: State.StartedAt, FinishedAt: State.FinishedAt,
  };
}

function configDocument({ Config: c }: ContainerRecord): Struct {
  return {
    Hostname: c.Hostname, Domainname: c.Domainname, User: c.User, AttachStdin: c.AttachStdin, AttachStdout: c.AttachStdout, AttachStderr: c.AttachStderr, ExposedPorts: mapOf(c.ExposedPorts), Tty: c.Tty,
    OpenStdin: c.OpenStdin, StdinOnce: c.StdinOnce, Env: c.Env, Cmd: c.Cmd ?? nilSlice, Image: c.Image, Volumes: mapOf(c.Volumes), WorkingDir: c.WorkingDir, Entrypoint: c.Entrypoint ?? nilSlice,
    OnBuild: c.OnBuild ?? nilSlice, Labels: mapOf(c.Labels), StopSignal: c.StopSignal ?? '', [omitEmpty]: ['ExposedPorts', 'StopSignal'],
  };
}

/** What a container is given that asks for nothing. */
const hostDefaults: Struct = {
  Binds: nilSlice, ContainerIDFile: '', LogConfig: { Type: 'json-file', Config: new Map() }, NetworkMode: 'default', PortBindings: new Map(), RestartPolicy: { Name: 'no', MaximumRetryCount: 0 }, AutoRemove: false,
  VolumeDriver: '', VolumesFrom: nilSlice, CapAdd: nilSlice, CapDrop: nilSlice, CgroupnsMode: 'host', Dns: [], DnsOptions: [], DnsSearch: [], ExtraHosts: nilSlice, GroupAdd: nilSlice, IpcMode: 'private', Cgroup: '',
  Links: nilSlice, OomScoreAdj: 0, PidMode: '', Privileged: false, PublishAllPorts: false, ReadonlyRootfs: false, SecurityOpt: nilSlice, UTSMode: '', UsernsMode: '', ShmSize: 67108864, Runtime: 'wherry',
  Isolation: '', CpuShares: 0, Memory: 0, NanoCpus: 0, CgroupParent: '', BlkioWeight: 0, CpuPeriod: 0, CpuQuota: 0, CpusetCpus: '', CpusetMems: '', Devices: [], MemoryReservation: 0, MemorySwap: 0,
  MemorySwappiness: null, OomKillDisable: false, PidsLimit: null, Ulimits: [], MaskedPaths: nilSlice, ReadonlyPaths: nilSlice,
};

const noNetwork: Struct = {
  Bridge: '', SandboxID: '', SandboxKey: '', Ports: new Map(), EndpointID: '', Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '', MacAddress: '',
  Networks: new Map(),
};

/** With --size, in bytes. */
export interface Sizes { readonly rw: number; readonly rootFs: number }

/** `hostPath`: where a file of the store lies, as the host sees it. */
export function containerDocument(record: ContainerRecord, hostPath: (path: string) => string, sizes?: Sizes): Struct {
  const [path = '', ...args] = argvOf(record);
  return {
    Id: record.Id, Created: record.Created, Path: path, Args: args, State: stateDocument(record), Image: record.Image, ResolvConfPath: '', HostnamePath: '', HostsPath: '',
    LogPath: record.KeepsLog ? hostPath(logPath(record.Id)) : '', Name: `/${record.Name}`, RestartCount: 0, Driver: 'wherry', Platform: 'linux', MountLabel: '', ProcessLabel: '', AppArmorProfile: '', ExecIDs: nilSlice,
    HostConfig: { ...hostDefaults, ...record.HostConfig }, GraphDriver: { Data: nilMap, Name: 'wherry' }, SizeRw: sizes?.rw, SizeRootFs: sizes?.rootFs, Mounts: [], Config: configDocument(record),
    NetworkSettings: noNetwork,
  };
}
