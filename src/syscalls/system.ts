// Calls about the system as a whole: its name, memory, random bytes, limits, scheduling.
import { CAP_SYS_RESOURCE, EACCES, EFAULT, EINVAL, EPERM, ESRCH, MEMORY_BYTES, resources, RLIM_INFINITY, RLIMIT_NOFILE, uts } from '../abi/index.ts';
import { armCpuLimit, freeBytes } from '../linux/index.ts';
import type { Limit, Process, Task } from '../linux/index.ts';
import { CString, flags, Hex, Int, oneOf, Pid, pointed, Ptr, quote, Size, UInt } from './codec.ts';
import type { Codec } from './codec.ts';
import { processOf } from './identity.ts';
import { refuse, sys } from './row.ts';
import type { SyscallRow } from './row.ts';

const UTS_FIELD = 65, UTS_NAME_MAX = 64;

function writeText(into: Uint8Array, at: number, text: string): void { for (let i = 0; i < Math.min(text.length, UTS_NAME_MAX); i++) into[at + i] = text.charCodeAt(i); }

function uname(task: Task, ptr: number): number {
  const { hostname, domainname } = task.kernel;
  const into = task.memory.writable(ptr, 6 * UTS_FIELD).fill(0);
  [uts.sysname, hostname, uts.release, uts.version, uts.machine, domainname].forEach((text, i) => { writeText(into, i * UTS_FIELD, text); });
  return 0;
}

/** Docker's containers have no CAP_SYS_ADMIN, so names cannot be set. */
const refuseName = (_task: Task, _name: string, length: number): number => { throw length > UTS_NAME_MAX ? EINVAL : EPERM; };

const SYSINFO_SIZE = 112;
function sysinfo(task: Task, ptr: number): number {
  const { kernel, memory } = task;
  memory.writable(ptr, SYSINFO_SIZE).fill(0);
  const word = (at: number, value: number): void => { memory.writeU64(ptr + at, BigInt(Math.floor(value))); };
  word(0, Number((kernel.monotonicNs() - kernel.bootNs) / 1_000_000_000n));
  word(32, MEMORY_BYTES);
  word(40, freeBytes(kernel));
  memory.writeU16(ptr + 80, kernel.tasks.size);
  memory.writeU32(ptr + 104, 1);
  return 0;
}

const randomFlags = { GRND_NONBLOCK: 1, GRND_RANDOM: 2, GRND_INSECURE: 4 } as const;
const MAX_RANDOM = 0x1ff_ffff;

function getrandom(task: Task, ptr: number, length: number, flag: number): number {
  if (flag & ~7 || (flag & 6) === 6) throw EINVAL;
  const bytes = new Uint8Array(Math.min(length, MAX_RANDOM));
  for (let at = 0; at < bytes.length; at += 65536) task.kernel.host.random.fill(bytes.subarray(at, at + 65536));
  task.memory.writable(ptr, bytes.length).set(bytes);
  return bytes.length;
}

function limitOf(task: Task, pid: number, resource: number): { process: Process; limit: Limit } {
  const process = pid === task.tid ? task.process : processOf(task, pid);
  const limit = process.limits[resource];
  if (!limit) throw EINVAL;
  if (process !== task.process && !task.credentials.maySignal(process.leader.credentials)) throw EPERM;
  return { process, limit };
}

function prlimit(task: Task, pid: number, resource: number, newPtr: number, oldPtr: number): number {
  const { process, limit } = limitOf(task, pid, resource);
  const old = { ...limit };
  if (newPtr !== 0) setLimit(task, limit, resource, { soft: task.memory.readU64(newPtr), hard: task.memory.readU64(newPtr + 8) });
  if (newPtr !== 0 && resource === resources.RLIMIT_CPU) armCpuLimit(process);
  if (oldPtr !== 0) {
    task.memory.writable(oldPtr, 16);
    task.memory.writeU64(oldPtr, old.soft);
    task.memory.writeU64(oldPtr + 8, old.hard);
  }
  return 0;
}

const MAX_DESCRIPTORS = 1048576n;

function setLimit(task: Task, limit: Limit, resource: number, wanted: Limit): void {
  if (wanted.soft > wanted.hard) throw EINVAL;
  if (wanted.hard > limit.hard && !task.credentials.has(CAP_SYS_RESOURCE)) throw EPERM;
  if (resource === RLIMIT_NOFILE && wanted.hard > MAX_DESCRIPTORS) throw EPERM;
  Object.assign(limit, wanted);
  if (resource === RLIMIT_NOFILE) for (const t of task.kernel.tasks.values()) if (t.process.limits[resource] === limit) t.files.limit = Number(wanted.soft);
}

const PERSONALITY_QUERY = 0xffff_ffff;
function personality(task: Task, wanted: number): number {
  const old = task.process.personality;
  if (wanted !== PERSONALITY_QUERY) task.process.personality = wanted;
  return old;
}

const rlimitNumber = (value: bigint): string => (value === RLIM_INFINITY ? 'RLIM64_INFINITY' : value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : String(value));
const Rlimit = (out?: 'out') => pointed((task, ptr) => `{rlim_cur=${rlimitNumber(task.memory.readU64(ptr))}, rlim_max=${rlimitNumber(task.memory.readU64(ptr + 8))}}`, out);
const cString = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
const Uts = pointed((task, ptr) => {
  const field = (n: number): string => quote(cString(task.memory.readable(ptr + n * UTS_FIELD, UTS_FIELD)));
  return `{sysname=${field(0)}, nodename=${field(1)}, ...}`;
}, 'out');
const RandomBytes: Codec<number> = {
  decode: Ptr.decode, out: true,
  print: (task, ptr, { result }) => {
    if (result === undefined || result < 0) return Ptr.print(task, ptr, { args: [], result });
    const text = [...task.memory.readable(ptr, Math.min(result, 32))].map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');
    return `"${text}"${result > 32 ? '...' : ''}`;
  },
};

export const systemCalls: readonly SyscallRow[] = [
  sys(63, 'uname', [Uts], uname),
  sys(99, 'sysinfo', [Ptr], sysinfo),
  sys(318, 'getrandom', [RandomBytes, Size, flags(randomFlags)], getrandom),
  sys(170, 'sethostname', [CString(65), Size], refuseName),
  sys(171, 'setdomainname', [CString(65), Size], refuseName),
  sys(302, 'prlimit64', [Pid, oneOf(resources), Rlimit(), Rlimit('out')], prlimit, 'CPU, FSIZE, NOFILE, AS (of mmap), MEMLOCK (of each mlock) and SIGPENDING (of each process) bind; the rest are remembered'),
  sys(97, 'getrlimit', [oneOf(resources), Rlimit('out')], (task, resource, ptr) => { if (ptr === 0) throw EFAULT; return prlimit(task, 0, resource, 0, ptr); }),
  sys(160, 'setrlimit', [oneOf(resources), Rlimit()], (task, resource, ptr) => { if (ptr === 0) throw EFAULT; return prlimit(task, 0, resource, ptr, 0); }, 'CPU, FSIZE, NOFILE, AS (of mmap), MEMLOCK (of each mlock) and SIGPENDING (of each process) bind; the rest are remembered'),
  sys(135, 'personality', [Hex], personality, 'remembered; it changes nothing'),
  refuse(317, 'seccomp', EINVAL, 'no filters'),
  refuse(103, 'syslog', EPERM, 'no kernel log'),
  refuse(169, 'reboot', EPERM, 'no CAP_SYS_BOOT in a container'),
  refuse(298, 'perf_event_open', EPERM, 'no performance counters'),
  refuse(321, 'bpf', EPERM, 'no programs in the kernel'),
];
