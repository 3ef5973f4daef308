// The flags that say what a container is, shared by `create` and `run`: a row each, with where its value goes in the container's configuration.
import { type ContainerConfig, type HostConfig, type NewContainer } from '../engine/index.ts';
import {
  address, BadValue, bytesOf, bytesOrAny, device, deviceRule, duration, extraHost, gpus, integer, nanoCpus, pairs, ports, searchDomain, sysctl, throttle, ulimit, unsigned, weight,
} from './flag-values.ts';
import { networkWord, type NetworkWords } from './network-words.ts';
import { portBindings } from './port-specs.ts';
import { bool, ClientError, type Flag, list, PlainError, string } from './flags.ts';
import { bindWord, mountOf } from './mount-flag.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Files that flags name. */
export interface NamedFiles {
  env?: readonly string[];
  labels?: readonly string[];
  /** They must be there; `missing` says why one is needed. */
  needed?: { readonly path: string; missing(why: string): string }[];
}

/** A container while its flags are read: what goes to the engine as it is, into Config, and into HostConfig. */
export interface Draft {
  readonly files: NamedFiles;
  readonly request: Mutable<NewContainer>;
  readonly config: Mutable<Partial<ContainerConfig>>;
  readonly host: Mutable<Partial<HostConfig>>;
  readonly network: NetworkWords;
}

interface Values { readonly bool: boolean; readonly string: string; readonly list: readonly string[] }

/** A flag and where its value goes. */
export interface ContainerFlag extends Flag {
  /** Called when the flag was said. Throws BadValue, ClientError. */
  put?(value: never, draft: Draft): void;
}

function row<Kind extends Flag['kind']>(flag: Flag & { readonly kind: Kind }, put: (value: Values[Kind], draft: Draft) => void, argument?: string, initial?: string): ContainerFlag {
  return { ...flag, ...(argument === undefined ? {} : { argument }), ...(initial === undefined ? {} : { initial }), put };
}

/** The same flag under another name, which help does not show. */
const hidden = (flag: ContainerFlag): ContainerFlag => ({ ...flag, hidden: true });

/** Docker's words for what only its Windows daemon knows. */
function windowsOnly(name: string, help: string, argument: string): ContainerFlag {
  return row(string(name, `${help} (Windows only)`), () => { throw new PlainError(`"--${name}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux`); }, argument);
}

type Health = NonNullable<ContainerConfig['Healthcheck']>;
const health = (draft: Draft, more: Health): void => { draft.config.Healthcheck = { ...draft.config.Healthcheck, ...more }; };

function positive(name: string, nanoseconds: number): number {
  if (nanoseconds < 0) throw new ClientError(`--${name} cannot be negative`);
  return nanoseconds;
}

function healthTime(name: string, key: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval', help: string): ContainerFlag {
  return row(string(name, `${help} (ms|s|m|h)`), (said, draft) => health(draft, { [key]: positive(name, duration(said)) }), 'duration', '0s');
}

/** A word of `words`, or what begins with one of `kinds` and a colon. */
function mode(flag: string, words: readonly string[], kinds: readonly string[], what: string, said: string): string {
  const [kind = '', rest] = said.split(/:(.*)/s);
  if (words.includes(said) || (rest && kinds.includes(kind))) return said;
  throw new ClientError(`--${flag}: invalid ${what} mode`);
}

/** always, on-failure:3. */
function restartPolicy(said: string): HostConfig['RestartPolicy'] {
  const [name = '', ...rest] = said.split(':');
  if (said !== '' && name === '') throw new ClientError('invalid restart policy format: no policy provided before colon');
  if (rest.length > 0 && !/^[+-]?\d+$/.test(rest.join(':'))) throw new ClientError('invalid restart policy format: maximum retry count must be an integer');
  return { Name: name as HostConfig['RestartPolicy']['Name'], MaximumRetryCount: Number(rest[0] ?? 0) };
}

function nonEmptyName(what: string): (word: string) => string {
  return (word) => { if (word === '' || word.startsWith('=')) throw new BadValue(word, `invalid ${what}: ${word}`); return word; };
}

function label(word: string): string {
  if (word === '' || word.startsWith('=')) throw new BadValue(word, `invalid label '${word}': empty name`);
  return word;
}

function attach(words: readonly string[], { config }: Draft): void {
  const streams = words.map((word) => {
    if (!['stdin', 'stdout', 'stderr'].includes(word.toLowerCase())) throw new BadValue(word, 'valid streams are STDIN, STDOUT and STDERR');
    return word.toLowerCase();
  });
  Object.assign(config, { ...(streams.includes('stdin') ? { AttachStdin: true } : {}), AttachStdout: streams.includes('stdout'), AttachStderr: streams.includes('stderr') });
}

/** no-new-privileges may be said with a value; a seccomp profile is a file that is there. */
function security(word: string, draft: Draft): string {
  const [key = '', value] = word.split(/[=:](.*)/s);
  if (value === undefined && key !== 'no-new-privileges') throw new ClientError(`Invalid --security-opt: ${JSON.stringify(word)}`);
  if (key === 'seccomp' && value !== 'unconfined' && value !== 'builtin') (draft.files.needed ??= []).push({ path: value!, missing: (why) => `opening seccomp profile (${value}) failed: ${why}` });
  return word;
}

/** With a source it is a directory of the host or a volume that is named; else a volume of its own. */
function volumes(words: readonly string[], { host, config }: Draft): void {
  const binds = words.flatMap((word) => bindWord(word) ?? []);
  const anonymous = words.filter((word) => bindWord(word) === undefined);
  if (binds.length > 0) host.Binds = binds;
  if (anonymous.length > 0) config.Volumes = Object.fromEntries(anonymous.map((path) => [path, {}]));
}

export const containerFlags: readonly ContainerFlag[] = [
  row(list('add-host', 'Add a custom host-to-IP mapping (host:ip)'), (said, { host }) => { host.ExtraHosts = said.map(extraHost); }),
  row(list('annotation', 'Add an annotation to the container (passed through to the OCI runtime)'), (said, { host }) => { host.Annotations = pairs(said); }, 'map', 'map[]'),
  row(list('attach', 'Attach to STDIN, STDOUT or STDERR', 'a'), attach),
  row(string('blkio-weight', 'Block IO (relative weight), between 10 and 1000, or 0 to disable'), (said, { host }) => { host.BlkioWeight = unsigned(said, 16); }, 'uint16', '0'),
  row(list('blkio-weight-device', 'Block IO weight (relative device weight)'), (said, { host }) => { host.BlkioWeightDevice = said.map(weight); }, 'list', '[]'),
  row(list('cap-add', 'Add Linux capabilities'), (said, { host }) => { host.CapAdd = said; }),
  row(list('cap-drop', 'Drop Linux capabilities'), (said, { host }) => { host.CapDrop = said; }),
  row(string('cgroup-parent', 'Optional parent cgroup for the container'), (said, { host }) => { host.CgroupParent = said; }),
  row(string('cgroupns', `Cgroup namespace to use (host|private)
'host':    Run the container in the Docker host's cgroup namespace
'private': Run the container in its own private cgroup namespace
'':        Use the cgroup namespace as configured by the
           default-cgroupns-mode option on the daemon (default)`), (said, { host }) => { host.CgroupnsMode = mode('cgroupns', ['', 'host', 'private'], [], 'CGROUP', said) || 'host'; }),
  row(string('cidfile', 'Write the container ID to the file'), (said, { host }) => { host.ContainerIDFile = said; }),
  windowsOnly('cpu-count', 'CPU count', 'int'),
  windowsOnly('cpu-percent', 'CPU percent', 'int'),
  row(string('cpu-period', 'Limit CPU CFS (Completely Fair Scheduler) period'), (said, { host }) => { host.CpuPeriod = integer(said); }, 'int'),
  row(string('cpu-quota', 'Limit CPU CFS (Completely Fair Scheduler) quota'), (said, { host }) => { host.CpuQuota = integer(said); }, 'int'),
  row(string('cpu-rt-period', 'Limit CPU real-time period in microseconds'), (said, { host }) => { host.CpuRealtimePeriod = integer(said); }, 'int'),
  row(string('cpu-rt-runtime', 'Limit CPU real-time runtime in microseconds'), (said, { host }) => { host.CpuRealtimeRuntime = integer(said); }, 'int'),
  row(string('cpu-shares', 'CPU shares (relative weight)', 'c'), (said, { host }) => { host.CpuShares = integer(said); }, 'int'),
  row(string('cpus', 'Number of CPUs'), (said, { host }) => { host.NanoCpus = nanoCpus(said); }, 'decimal'),
  row(string('cpuset-cpus', 'CPUs in which to allow execution (0-3, 0,1)'), (said, { host }) => { host.CpusetCpus = said; }),
  row(string('cpuset-mems', 'MEMs in which to allow execution (0-3, 0,1)'), (said, { host }) => { host.CpusetMems = said; }),
  row(list('device', 'Add a host device to the container'), (said, { host }) => { host.Devices = said.map(device); }),
  row(list('device-cgroup-rule', 'Add a rule to the cgroup allowed devices list'), (said, { host }) => { host.DeviceCgroupRules = said.map(deviceRule); }),
  row(list('device-read-bps', 'Limit read rate (bytes per second) from a device'), (said, { host }) => { host.BlkioDeviceReadBps = said.map((word) => throttle(word, bytesOf)); }, 'list', '[]'),
  row(list('device-read-iops', 'Limit read rate (IO per second) from a device'), (said, { host }) => { host.BlkioDeviceReadIOps = said.map((word) => throttle(word, unsigned)); }, 'list', '[]'),
  row(list('device-write-bps', 'Limit write rate (bytes per second) to a device'), (said, { host }) => { host.BlkioDeviceWriteBps = said.map((word) => throttle(word, bytesOf)); }, 'list', '[]'),
  row(list('device-write-iops', 'Limit write rate (IO per second) to a device'), (said, { host }) => { host.BlkioDeviceWriteIOps = said.map((word) => throttle(word, unsigned)); }, 'list', '[]'),
  { ...bool('disable-content-trust', 'Skip image verification'), initial: 'true' },
  row(list('dns', 'Set custom DNS servers'), (said, { host }) => { host.Dns = said.map(address); }),
  row(list('dns-option', 'Set DNS options'), (said, { host }) => { host.DnsOptions = said; }),
  hidden(row(list('dns-opt', 'Set DNS options'), (said, { host }) => { host.DnsOptions = said; })),
  row(list('dns-search', 'Set custom DNS search domains'), (said, { host }) => { host.DnsSearch = said.map(searchDomain).filter((word) => word !== '.' || said.length === 1); }),
  row(string('domainname', 'Container NIS domain name'), (said, { config }) => { config.Domainname = said; }),
  row(string('entrypoint', 'Overwrite the default ENTRYPOINT of the image'), (said, { request }) => { request.entrypoint = said; }),
  row(list('env', 'Set environment variables', 'e'), (said, { request }) => { request.env = said.map(nonEmptyName('environment variable')); }),
  row(list('env-file', 'Read in a file of environment variables'), (said, { files }) => { files.env = said; }),
  row(list('expose', 'Expose a port or a range of ports'), (said, { config }) => { config.ExposedPorts = Object.fromEntries(said.flatMap(ports).map((port) => [port, {}])); }),
  row(string('gpus', 'GPU devices to add to the container (\'all\' to pass all GPUs)'), (said, { host }) => { host.DeviceRequests = [gpus(said)]; }, 'gpu-request'),
  row(list('group-add', 'Add additional groups to join'), (said, { host }) => { host.GroupAdd = said; }),
  row(string('health-cmd', 'Command to run to check health'), (said, draft) => health(draft, said === '' ? {} : { Test: ['CMD-SHELL', said] })),
  healthTime('health-interval', 'Interval', 'Time between running the check'),
  row(string('health-retries', 'Consecutive failures needed to report unhealthy'), (said, draft) => health(draft, { Retries: positive('health-retries', integer(said)) }), 'int'),
  healthTime('health-start-interval', 'StartInterval', 'Time between running the check during the start period'),
  healthTime('health-start-period', 'StartPeriod', 'Start period for the container to initialize before starting health-retries countdown'),
  healthTime('health-timeout', 'Timeout', 'Maximum time to allow one check to run'),
  row(string('hostname', 'Container host name', 'h'), (said, { request }) => { request.hostname = said; }),
  row(bool('init', 'Run an init inside the container that forwards signals and reaps processes'), (said, { host }) => { host.Init = said; }),
  row(bool('interactive', 'Keep STDIN open even if not attached', 'i'), (said, { request }) => { request.interactive = said; }),
  windowsOnly('io-maxbandwidth', 'Maximum IO bandwidth limit for the system drive', 'bytes'),
  windowsOnly('io-maxiops', 'Maximum IOps limit for the system drive', 'uint'),
  row(string('ip', 'IPv4 address (e.g., 172.30.100.104)'), (said, { network }) => { network.ip = address(said); }, 'ip', '<nil>'),
  row(string('ip6', 'IPv6 address (e.g., 2001:db8::33)'), (said, { network }) => { network.ip6 = address(said); }, 'ip', '<nil>'),
  row(string('ipc', 'IPC mode to use'), (said, { host }) => { host.IpcMode = said; }),
  row(string('isolation', 'Container isolation technology'), (said, { host }) => { host.Isolation = said; }),
  row(string('kernel-memory', 'Kernel memory limit'), (said, { host }) => { host.KernelMemory = bytesOf(said); }, 'bytes'),
  row(list('label', 'Set meta data on a container', 'l'), (said, { request }) => { request.labels = said.map(label); }),
  row(list('label-file', 'Read in a line delimited file of labels'), (said, { files }) => { files.labels = said; }),
  row(list('link', 'Add link to another container'), (said, { host }) => { host.Links = said; }),
  list('link-local-ip', 'Container IPv4/IPv6 link-local addresses'),
  row(string('log-driver', 'Logging driver for the container'), (said, { host }) => { host.LogConfig = { Config: {}, ...host.LogConfig, Type: said || 'json-file' }; }),
  row(list('log-opt', 'Log driver options'), (said, { host }) => { host.LogConfig = { Type: 'json-file', ...host.LogConfig, Config: pairs(said) }; }),
  row(string('mac-address', 'Container MAC address (e.g., 92:d0:c6:0a:29:33)'), (said, { config }) => {
    if (!/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(said)) throw new ClientError(`${said} is not a valid mac address`);
    config.MacAddress = said.toLowerCase().replaceAll('-', ':');
  }),
  row(string('memory', 'Memory limit', 'm'), (said, { host }) => { host.Memory = bytesOf(said); }, 'bytes'),
  row(string('memory-reservation', 'Memory soft limit'), (said, { host }) => { host.MemoryReservation = bytesOf(said); }, 'bytes'),
  row(string('memory-swap', 'Swap limit equal to memory plus swap: \'-1\' to enable unlimited swap'), (said, { host }) => { host.MemorySwap = bytesOrAny(said); }, 'bytes'),
  row(string('memory-swappiness', 'Tune container memory swappiness (0 to 100)'), (said, { host }) => {
    const value = integer(said);
    if (value !== -1 && (value < 0 || value > 100)) throw new ClientError(`invalid value: ${value}. Valid memory swappiness range is 0-100`);
    host.MemorySwappiness = value === -1 ? null : value;
  }, 'int', '-1'),
  row(list('mount', 'Attach a filesystem mount to the container'), (said, { host }) => { host.Mounts = said.map(mountOf); }, 'mount'),
  row(string('name', 'Assign a name to the container'), (said, { request }) => { request.name = said; }),
  row(list('network', 'Connect a container to a network'), (said, { network }) => { (network.networks ??= []).push(...said.map(networkWord)); }, 'network'),
  hidden(row(list('net', 'Connect a container to a network'), (said, { network }) => { (network.networks ??= []).push(...said.map(networkWord)); }, 'network')),
  row(list('network-alias', 'Add network-scoped alias for the container'), (said, { network }) => { (network.aliases ??= []).push(...said); }),
  hidden(row(list('net-alias', 'Add network-scoped alias for the container'), (said, { network }) => { (network.aliases ??= []).push(...said); })),
  row(bool('no-healthcheck', 'Disable any container-specified HEALTHCHECK'), (said, draft) => {
    if (!said) return;
    if (draft.config.Healthcheck) throw new ClientError('--no-healthcheck conflicts with --health-* options');
    draft.config.Healthcheck = { Test: ['NONE'] };
  }),
  row(bool('oom-kill-disable', 'Disable OOM Killer'), (said, { host }) => { host.OomKillDisable = said; }),
  row(string('oom-score-adj', 'Tune host\'s OOM preferences (-1000 to 1000)'), (said, { host }) => { host.OomScoreAdj = integer(said); }, 'int'),
  row(string('pid', 'PID namespace to use'), (said, { host }) => { host.PidMode = mode('pid', ['', 'host'], ['container'], 'PID', said); }),
  row(string('pids-limit', 'Tune container pids limit (set -1 for unlimited)'), (said, { host }) => { host.PidsLimit = integer(said); }, 'int'),
  string('platform', 'Set platform if server is multi-platform capable'),
  row(bool('privileged', 'Give extended privileges to this container'), (said, { host }) => { host.Privileged = said; }),
  row(list('publish', 'Publish a container\'s port(s) to the host', 'p'), (said, { host }) => { host.PortBindings = portBindings(said); }),
  row(bool('publish-all', 'Publish all exposed ports to random ports', 'P'), (said, { host }) => { host.PublishAllPorts = said; }),
  row(string('pull', 'Pull image before running ("always", "missing", "never")', undefined, 'missing'), (said) => {
    if (!['always', 'missing', 'never', ''].includes(said)) throw new ClientError(`invalid pull option: '${said}': must be one of "always", "missing" or "never"`);
  }),
  bool('quiet', 'Suppress the pull output', 'q'),
  row(bool('read-only', 'Mount the container\'s root filesystem as read only'), (said, { host }) => { host.ReadonlyRootfs = said; }),
  row(string('restart', 'Restart policy to apply when a container exits', undefined, 'no'), (said, { host }) => { host.RestartPolicy = restartPolicy(said); }),
  row(bool('rm', 'Automatically remove the container and its associated anonymous volumes when it exits'), (said, { host }) => {
    if (said && !['', 'no', undefined].includes(host.RestartPolicy?.Name)) throw new ClientError('conflicting options: cannot specify both --restart and --rm');
    host.AutoRemove = said;
  }),
  row(string('runtime', 'Runtime to use for this container'), (said, { host }) => { host.Runtime = said; }),
  row(list('security-opt', 'Security Options'), (said, draft) => { draft.host.SecurityOpt = said.map((word) => security(word, draft)); }),
  row(string('shm-size', 'Size of /dev/shm'), (said, { host }) => { host.ShmSize = bytesOf(said); }, 'bytes'),
  row(string('stop-signal', 'Signal to stop the container'), (said, { config }) => { config.StopSignal = said; }),
  row(string('stop-timeout', 'Timeout (in seconds) to stop a container'), (said, { config }) => { config.StopTimeout = integer(said); }, 'int'),
  row(list('storage-opt', 'Storage driver options for the container'), (said, { host }) => {
    if (said.some((word) => !word.includes('='))) throw new ClientError('invalid storage option');
    host.StorageOpt = pairs(said);
  }),
  row(list('sysctl', 'Sysctl options'), (said, { host }) => { host.Sysctls = pairs(said.map(sysctl)); }, 'map', 'map[]'),
  row(list('tmpfs', 'Mount a tmpfs directory'), (said, { host }) => { host.Tmpfs = Object.fromEntries(said.map((word) => { const [path = '', options = ''] = word.split(/:(.*)/s); return [path, options]; })); }),
  row(bool('tty', 'Allocate a pseudo-TTY', 't'), (said, { request }) => { request.tty = said; }),
  row(list('ulimit', 'Ulimit options'), (said, { host }) => { host.Ulimits = [...new Map(said.map(ulimit).map((limit) => [limit.Name, limit])).values()].sort((a, b) => (a.Name < b.Name ? -1 : 1)); }, 'ulimit', '[]'),
  row(bool('use-api-socket', 'Bind mount Docker API socket and required auth'), (said) => { if (said) throw new ClientError('--use-api-socket: there is no API socket'); }),
  row(string('user', 'Username or UID (format: <name|uid>[:<group|gid>])', 'u'), (said, { request }) => { request.user = said; }),
  row(string('userns', 'User namespace to use'), (said, { host }) => { host.UsernsMode = mode('userns', ['', 'host'], [], 'USER', said); }),
  row(string('uts', 'UTS namespace to use'), (said, { host }) => { host.UTSMode = mode('uts', ['', 'host'], [], 'UTS', said); }),
  row(list('volume', 'Bind mount a volume', 'v'), (said, draft) => volumes(said, draft)),
  row(string('volume-driver', 'Optional volume driver for the container'), (said, { host }) => { host.VolumeDriver = said; }),
  row(list('volumes-from', 'Mount volumes from the specified container(s)'), (said, { host }) => { host.VolumesFrom = said; }),
  row(string('workdir', 'Working directory inside the container', 'w'), (said, { request }) => { request.workingDir = said; }),
];
