// What inspect tells of a container: Docker's document; what cannot be said here (cgroups, security labels) has the value of a container that asks for nothing.
import { argvOf, type ContainerRecord, hostConfigOf, hostDefaults, logPath, type MountPoint } from '../engine/index.ts';
import { networkSettings } from './network-settings.ts';
import { nilMap, nilSlice, omitEmpty, type Struct } from './template/index.ts';

const mapOf = (entries: object | null | undefined): ReadonlyMap<string, unknown> => (entries ? new Map(Object.entries(entries)) : nilMap);

function stateDocument({ State }: ContainerRecord): Struct {
  const { Status, Supervisor, Health } = State;
  const restarts = Status === 'restarting';
  return {
    Status, Running: Supervisor !== undefined, Paused: Status === 'paused', Restarting: restarts, OOMKilled: State.OOMKilled ?? false, Dead: false, Pid: restarts ? 0 : Supervisor?.pid ?? 0, ExitCode: State.ExitCode, Error: State.Error,
    StartedAt: State.StartedAt, FinishedAt: State.FinishedAt, Health: Health && { Status: Health.Status, FailingStreak: Health.FailingStreak, Log: Health.Log.map((probe) => ({ ...probe })) },
  };
}

const healthDocument = (health: ContainerRecord['Config']['Healthcheck']): Struct | undefined =>
  health && { Test: health.Test ?? nilSlice, Interval: health.Interval, Timeout: health.Timeout, StartPeriod: health.StartPeriod, StartInterval: health.StartInterval, Retries: health.Retries, [omitEmpty]: ['Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] };

function configDocument({ Config: c }: ContainerRecord): Struct {
  return {
    Hostname: c.Hostname, Domainname: c.Domainname, User: c.User, AttachStdin: c.AttachStdin, AttachStdout: c.AttachStdout, AttachStderr: c.AttachStderr, ExposedPorts: mapOf(c.ExposedPorts), Tty: c.Tty,
    OpenStdin: c.OpenStdin, StdinOnce: c.StdinOnce, Env: c.Env, Cmd: c.Cmd ?? nilSlice, Healthcheck: healthDocument(c.Healthcheck), Image: c.Image, Volumes: mapOf(c.Volumes), WorkingDir: c.WorkingDir, Entrypoint: c.Entrypoint ?? nilSlice, MacAddress: c.MacAddress ?? '',
    OnBuild: c.OnBuild ?? nilSlice, Labels: mapOf(c.Labels), StopSignal: c.StopSignal ?? '', StopTimeout: c.StopTimeout,
    [omitEmpty]: ['ExposedPorts', 'MacAddress', 'StopSignal'],
  };
}

/** Fields that Go has as maps, and those that are only there when they say something. */
const maps = ['PortBindings', 'Annotations', 'StorageOpt', 'Tmpfs', 'Sysctls'] as const;
/** Numbers that may be nothing; what else may be nothing is a list. */
const unsaid = ['MemorySwappiness', 'PidsLimit'] as const;
const optionalFields = ['Annotations', 'StorageOpt', 'Tmpfs', 'Sysctls', 'Mounts'];

/** HostConfig in Docker's order: what is only there when it is said stands behind the field it follows there. */
const fieldOrder = [...Object.keys(hostDefaults)].flatMap((name) => [name, ...({ ConsoleSize: ['Annotations'], SecurityOpt: ['StorageOpt', 'Tmpfs'], ShmSize: ['Sysctls'], DeviceRequests: ['KernelMemory'], IOMaximumBandwidth: ['Mounts'], ReadonlyPaths: ['Init'] }[name] ?? [])]);

function hostDocument(record: ContainerRecord): Struct {
  const host: Struct = hostConfigOf(record) as unknown as Struct;
  const of = (name: string): unknown => {
    const value = host[name];
    if ((value ?? null) === null && !(maps as readonly string[]).includes(name) && !(unsaid as readonly string[]).includes(name)) return nilSlice;
    if ((maps as readonly string[]).includes(name)) return mapOf(value as object);
    return value;
  };
  const { LogConfig } = hostConfigOf(record);
  return { ...Object.fromEntries(fieldOrder.filter((name) => host[name] !== undefined || optionalFields.includes(name)).map((name) => [name, of(name)])), LogConfig: { Type: LogConfig.Type, Config: mapOf(LogConfig.Config) }, [omitEmpty]: optionalFields };
}

/** As Go leaves out what is empty. */
const mountDocument = ({ Type, Name = '', Source, Destination, Driver = '', Mode, RW, Propagation }: MountPoint): Struct => ({ Type, Name, Source, Destination, Driver, Mode, RW, Propagation, [omitEmpty]: ['Name', 'Driver'] });

/** With --size, in bytes. */
export interface Sizes { readonly rw: number; readonly rootFs: number }

export interface DocumentParts {
  /** Where a file of the store lies, as the host sees it. */
  readonly hostPath: (path: string) => string;
  readonly sizes?: Sizes | undefined;
  /** The programs that `exec` runs. */
  readonly execs?: readonly string[];
}

export function containerDocument(record: ContainerRecord, { hostPath, sizes, execs = [] }: DocumentParts): Struct {
  const [path = '', ...args] = argvOf(record);
  return {
    Id: record.Id, Created: record.Created, Path: path, Args: args, State: stateDocument(record), Image: record.Image, ResolvConfPath: '', HostnamePath: '', HostsPath: '',
    LogPath: record.KeepsLog && hostConfigOf(record).LogConfig.Type === 'json-file' ? hostPath(logPath(record.Id)) : '', Name: `/${record.Name}`, RestartCount: record.RestartCount ?? 0, Driver: 'wherry', Platform: 'linux', MountLabel: '', ProcessLabel: '', AppArmorProfile: '', ExecIDs: execs.length > 0 ? execs : nilSlice,
    HostConfig: hostDocument(record), GraphDriver: { Data: nilMap, Name: 'wherry' }, SizeRw: sizes?.rw, SizeRootFs: sizes?.rootFs, Mounts: (record.Mounts ?? []).map(mountDocument), Config: configDocument(record),
    NetworkSettings: networkSettings(record),
  };
}
