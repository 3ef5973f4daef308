// The /proc file system: a directory per process, files about the machine, and /proc/sys. proc(5), sysctl(8).
import { AF_INET, AF_INET6, EINVAL, EPERM, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, MAX_INSTANCES, MAX_QUEUED_EVENTS, MAX_WATCHES } from '../../abi/index.ts';
import { latin1 } from '../../base/index.ts';
import { GeneratedFs, generated } from '../../vfs/index.ts';
import type { Node } from '../../vfs/index.ts';
import type { Kernel } from '../kernel.ts';
import { netTables, unixText } from '../net/index.ts';
import { LoadAverage, cpuinfoText, kernelStatText, meminfoText, uptimeText, vmstatText } from './machine-text.ts';
import { processNode } from './process-files.ts';
import { sysvipc } from './sysvipc.ts';

const { directory, file, mergedDirectory, symbolicLink } = generated;
const PROC_MAGIC = 0x9fa0;
const NUMBER = /^[1-9][0-9]*$/;

/** What uname says, as /proc/version and /proc/sys/kernel repeat it. */
export interface Release { sysname: string; release: string; version: string }

const hexBytes = (kernel: Kernel, count: number): string => {
  const bytes = new Uint8Array(count);
  kernel.host.random.fill(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** A random UUID (version 4). */
function uuid(kernel: Kernel): string {
  const hex = hexBytes(kernel, 16);
  const variant = ((parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const processes = (kernel: Kernel): Node => ({
  mode: 0o040555,
  names: () => [...kernel.processes.keys()].sort((a, b) => a - b).map(String),
  child: (name) => {
    const process = NUMBER.test(name) ? kernel.processes.get(Number(name)) : undefined;
    return process && processNode(process);
  },
});

/** A value that only tells. */
const constant = (value: string | number): Node => file(() => `${value}\n`);

/** A file of /proc/sys that keeps what is written to it. */
function setting(initial: string): Node {
  let value = initial;
  return file(() => `${value}\n`, 0o644, (bytes) => { value = text(bytes); });
}

const text = (bytes: Uint8Array): string => latin1(bytes).trimEnd();

/** The host name can be read by all and changed by none: containers may not. */
const hostnameFile = (kernel: Kernel): Node => file(() => `${kernel.hostname}\n`, 0o644, () => { throw EPERM; });

/** A directory, or a value of /proc/sys by its name. */
type Settings = { readonly [name: string]: Node | Settings };

const isNode = (entry: Node | Settings | undefined): entry is Node => entry !== undefined && typeof (entry as Node).mode === 'number';

/** The tree with what the container was given for some of its files; names that are not there are new files. */
function withSysctls(tree: Settings, sysctls: Readonly<Record<string, string>>): Settings {
  const changed: Record<string, Node | Settings> = { ...tree };
  for (const [name, value] of Object.entries(sysctls)) {
    const [first = '', ...rest] = name.split('.');
    const below = changed[first];
    changed[first] = rest.length === 0 ? setting(value) : withSysctls(isNode(below) ? {} : below ?? {}, { [rest.join('.')]: value });
  }
  return changed;
}

const directories = (tree: Settings): Node => directory(Object.fromEntries(Object.entries(tree).map(([name, entry]) => [name, isNode(entry) ? entry : directories(entry)])));

/** /proc/sys. */
const sysctl = (kernel: Kernel, release: Release): Node => directories(withSysctls(settings(kernel, release), kernel.confinement.sysctls));

function settings(kernel: Kernel, release: Release): Settings {
  const bootId = uuid(kernel);
  return {
    fs: { inotify: { max_queued_events: constant(MAX_QUEUED_EVENTS), max_user_instances: constant(MAX_INSTANCES), max_user_watches: constant(MAX_WATCHES) }, mqueue: { msg_default: constant(10), msg_max: constant(10), msgsize_default: constant(8192), msgsize_max: constant(8192), queues_max: constant(256) }, 'file-max': constant(9223372036854775807n.toString()), 'file-nr': constant('0\t0\t9223372036854775807'), 'nr_open': constant(1048576), 'pipe-max-size': constant(1048576), 'pipe-user-pages-soft': constant(16384), 'protected_hardlinks': constant(1), 'protected_symlinks': constant(0) },
    kernel: {
      hostname: hostnameFile(kernel), domainname: constant(kernel.domainname), ostype: constant(release.sysname), osrelease: constant(release.release), version: constant(release.version),
      pid_max: constant(32768), 'threads-max': constant(63704), cap_last_cap: constant(40), ngroups_max: constant(65536), core_pattern: constant('core'), randomize_va_space: constant(0), overflowuid: constant(65534),
      overflowgid: constant(65534), panic: constant(0), printk: constant('4\t4\t1\t7'), shmmax: constant('18446744073692774399'), shmall: constant('18446744073692774399'), shmmni: constant(4096), sem: constant('32000\t1024000000\t500\t32000'), msgmax: constant(8192), msgmnb: constant(16384), msgmni: constant(32000),
      random: { uuid: file(() => `${uuid(kernel)}\n`), boot_id: constant(bootId), entropy_avail: constant(256), poolsize: constant(256) },
    },
    net: { core: { somaxconn: constant(4096) }, ipv4: { ip_local_port_range: constant('32768\t60999'), ip_unprivileged_port_start: constant(0), ping_group_range: constant('0\t2147483647') } },
    vm: { overcommit_memory: setting('0'), overcommit_ratio: setting('50'), max_map_count: constant(65530), swappiness: setting('60'), mmap_min_addr: constant(65536), drop_caches: file(() => '0\n', 0o644, dropCaches) },
  };
}

/** drop_caches takes 1, 2 or 3: there is nothing to drop. */
function dropCaches(bytes: Uint8Array): void { if (!/^[1-3]$/.test(text(bytes))) throw EINVAL; }

const filesystemTypes = ['sysfs', 'tmpfs', 'proc', 'devpts', 'overlay'].map((name) => `nodev\t${name}\n`).join('');

/** Headers of tables about networks: there is no interface yet. */
const networkTables: Record<string, (kernel: Kernel) => string> = {
  arp: netTables.arpText,
  dev: netTables.deviceText,
  icmp: (kernel) => netTables.socketText(kernel, IPPROTO_ICMP, AF_INET),
  icmp6: (kernel) => netTables.socketText(kernel, IPPROTO_ICMPV6, AF_INET6),
  if_inet6: netTables.inet6Text,
  raw: (kernel) => netTables.socketText(kernel, netTables.RAW, AF_INET),
  raw6: (kernel) => netTables.socketText(kernel, netTables.RAW, AF_INET6),
  route: netTables.routeText,
  sockstat: (kernel) => netTables.statisticsText(kernel, AF_INET),
  sockstat6: (kernel) => netTables.statisticsText(kernel, AF_INET6),
  tcp: (kernel) => netTables.socketText(kernel, IPPROTO_TCP, AF_INET),
  tcp6: (kernel) => netTables.socketText(kernel, IPPROTO_TCP, AF_INET6),
  udp: (kernel) => netTables.socketText(kernel, IPPROTO_UDP, AF_INET),
  udp6: (kernel) => netTables.socketText(kernel, IPPROTO_UDP, AF_INET6),
  udplite: (kernel) => netTables.socketText(kernel, IPPROTO_UDPLITE, AF_INET),
  udplite6: (kernel) => netTables.socketText(kernel, IPPROTO_UDPLITE, AF_INET6),
  unix: unixText,
};

/** The files about the machine. */
function machineFiles(kernel: Kernel, release: Release): Record<string, Node> {
  const load = new LoadAverage(kernel);
  return {
    cgroups: file(() => `#subsys_name\thierarchy\tnum_cgroups\tenabled\n${['cpuset', 'cpu', 'cpuacct', 'blkio', 'memory', 'devices', 'freezer', 'pids'].map((name) => `${name}\t0\t1\t1\n`).join('')}`),
    cmdline: constant('wherry'), cpuinfo: file(cpuinfoText), devices: file(() => 'Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n'),
    diskstats: file(() => ''), 'key-users': file(() => ''), locks: file(() => ''), modules: file(() => ''), vmstat: file(() => vmstatText(kernel)),
    filesystems: file(() => filesystemTypes), loadavg: file(() => load.text()), meminfo: file(() => meminfoText(kernel)), mounts: symbolicLink('self/mounts'),
    net: directory(Object.fromEntries(Object.entries(networkTables).map(([name, table]) => [name, file(() => table(kernel))]))), partitions: file(() => 'major minor  #blocks  name\n\n'),
    self: symbolicLink(() => String(kernel.current?.pid ?? '')), stat: file(() => kernelStatText(kernel)), swaps: file(() => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'), sys: sysctl(kernel, release), sysvipc: sysvipc(kernel),
    'thread-self': symbolicLink(() => (kernel.current ? `${kernel.current.pid}/task/${kernel.current.tid}` : '')), uptime: file(() => uptimeText(kernel)),
    version: constant(`${release.sysname} version ${release.release} (wherry) ${release.version}`),
  };
}

/** Makes the /proc of a kernel. */
export function procFs(kernel: Kernel, release: Release): GeneratedFs {
  const root = mergedDirectory([directory(machineFiles(kernel, release)), processes(kernel)]);
  return new GeneratedFs({ type: 'proc', magic: PROC_MAGIC, root, startNs: kernel.realtimeNs() });
}
