// Calls about who a task is: process, group and session ids, user and group ids, capabilities.
import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from '../abi/index.ts';
import { ProcessGroup, Session } from '../linux/index.ts';
import type { Credentials, Process, Task } from '../linux/index.ts';
import { Id, Int, OutInt, Pid, Ptr } from './codec.ts';
import { sys } from './row.ts';
import type { Result, SyscallRow } from './row.ts';

const UNCHANGED = 0xffff_ffff;
const or = (id: number, old: number): number => (id === UNCHANGED ? old : id);

/** A process by pid, 0 meaning the caller's own. Throws ESRCH. */
export function processOf(task: Task, pid: number): Process {
  const found = pid === 0 ? task.process : task.kernel.processes.get(pid);
  if (!found) throw ESRCH;
  return found;
}

/** Moves a process to a group, which is made when it is new. */
function join(process: Process, id: number, session: Session): void {
  const { groups } = process.leader.kernel;
  let group = groups.get(id);
  if (!group) groups.set(id, group = new ProcessGroup(id, session));
  const old = process.group;
  if (old === group) return;
  old.members.delete(process);
  if (old.members.size === 0) groups.delete(old.id);
  process.group = group;
  group.members.add(process);
}

function setpgid(task: Task, pid: number, pgid: number): number {
  if (pgid < 0) throw EINVAL;
  const process = processOf(task, pid);
  const child = process.parent === task.process;
  if (process !== task.process && !child) throw ESRCH;
  if (child && process.hasExeced) throw EACCES;
  if (process.session.id === process.pid || process.session !== task.process.session) throw EPERM;
  const id = pgid === 0 ? process.pid : pgid;
  if (id !== process.pid && task.kernel.groups.get(id)?.session !== process.session) throw EPERM;
  join(process, id, process.session);
  return 0;
}

function setsid(task: Task): number {
  const { process, kernel } = task;
  if (kernel.groups.has(process.pid)) throw EPERM;
  join(process, process.pid, new Session(process.pid));
  return process.pid;
}

/** Who may become whom: with the capability anybody, else only one of the ids one has. */
function demand(wanted: readonly number[], has: readonly number[], capable: boolean): void {
  if (!capable && wanted.some((id) => id !== UNCHANGED && !has.includes(id))) throw EPERM;
}

const uids = (c: Credentials): number[] => [c.uid, c.euid, c.suid];
const gids = (c: Credentials): number[] => [c.gid, c.egid, c.sgid];

function setuid(task: Task, uid: number): number {
  const c = task.credentials;
  if (uid === UNCHANGED) throw EINVAL;
  demand([uid], [c.uid, c.suid], c.maySetUid);
  if (c.maySetUid) c.setUids(uid, uid, uid);
  else c.setUids(c.uid, uid, c.suid);
  return 0;
}

function setgid(task: Task, gid: number): number {
  const c = task.credentials;
  if (gid === UNCHANGED) throw EINVAL;
  demand([gid], [c.gid, c.sgid], c.maySetGid);
  if (c.maySetGid) c.setGids(gid, gid, gid);
  else c.setGids(c.gid, gid, c.sgid);
  return 0;
}

function setreuid(task: Task, uid: number, euid: number): number {
  const c = task.credentials;
  demand([uid], [c.uid, c.euid], c.maySetUid);
  demand([euid], uids(c), c.maySetUid);
  const effective = or(euid, c.euid);
  const saved = uid !== UNCHANGED || (euid !== UNCHANGED && euid !== c.uid) ? effective : c.suid;
  c.setUids(or(uid, c.uid), effective, saved);
  return 0;
}

function setregid(task: Task, gid: number, egid: number): number {
  const c = task.credentials;
  demand([gid], [c.gid, c.egid], c.maySetGid);
  demand([egid], gids(c), c.maySetGid);
  const effective = or(egid, c.egid);
  const saved = gid !== UNCHANGED || (egid !== UNCHANGED && egid !== c.gid) ? effective : c.sgid;
  c.setGids(or(gid, c.gid), effective, saved);
  return 0;
}

function setresuid(task: Task, uid: number, euid: number, suid: number): number {
  const c = task.credentials;
  demand([uid, euid, suid], uids(c), c.maySetUid);
  c.setUids(or(uid, c.uid), or(euid, c.euid), or(suid, c.suid));
  return 0;
}

function setresgid(task: Task, gid: number, egid: number, sgid: number): number {
  const c = task.credentials;
  demand([gid, egid, sgid], gids(c), c.maySetGid);
  c.setGids(or(gid, c.gid), or(egid, c.egid), or(sgid, c.sgid));
  return 0;
}

/** setfsuid and setfsgid return the old id, whether or not it changed. */
function setfsuid(task: Task, uid: number): number {
  const c = task.credentials;
  const old = c.fsuid;
  if (uid !== UNCHANGED && (c.maySetUid || [...uids(c), old].includes(uid))) c.setFsUid(uid);
  return old;
}

function setfsgid(task: Task, gid: number): number {
  const c = task.credentials;
  const old = c.fsgid;
  if (c.maySetGid || [...gids(c), old].includes(gid)) if (gid !== UNCHANGED) c.fsgid = gid;
  return old;
}

const writeIds = (task: Task, ids: readonly number[], ptrs: readonly number[]): number => {
  ptrs.forEach((ptr, i) => { task.memory.writeU32(ptr, ids[i]!); });
  return 0;
};

function getgroups(task: Task, size: number, ptr: number): number {
  const { groups } = task.credentials;
  if (size < 0 || (size > 0 && size < groups.length)) throw EINVAL;
  if (size > 0) groups.forEach((gid, i) => { task.memory.writeU32(ptr + 4 * i, gid); });
  return groups.length;
}

function setgroups(task: Task, size: number, ptr: number): number {
  if (!task.credentials.maySetGid) throw EPERM;
  if (size < 0 || size > 65536) throw EINVAL;
  task.credentials.groups = Array.from({ length: size }, (_, i) => task.memory.readU32(ptr + 4 * i)).sort((a, b) => a - b);
  return 0;
}

const CAPABILITY_VERSIONS = new Map([[0x1998_0330, 1], [0x2007_1026, 2], [0x2008_0522, 2]]);
const CAPABILITY_VERSION_3 = 0x2008_0522;

/** The header's number of 32-bit words a set; an unknown version is answered with the one we know. */
function capabilityWords(task: Task, headerPtr: number): number {
  const words = CAPABILITY_VERSIONS.get(task.memory.readU32(headerPtr));
  if (words) return words;
  task.memory.writeU32(headerPtr, CAPABILITY_VERSION_3);
  throw EINVAL;
}

function capget(task: Task, headerPtr: number, dataPtr: number): number {
  let words: number;
  try { words = capabilityWords(task, headerPtr); } catch (error) { if (error === EINVAL && dataPtr === 0) return 0; throw error; }
  const c = processOf(task, task.memory.readI32(headerPtr + 4)).leader.credentials;
  if (dataPtr === 0) return 0;
  for (let i = 0; i < words; i++) {
    [c.effective, c.permitted, c.inheritable].forEach((set, n) => { task.memory.writeU32(dataPtr + 12 * i + 4 * n, Number(set >> BigInt(32 * i) & 0xffff_ffffn)); });
  }
  return 0;
}

function capset(task: Task, headerPtr: number, dataPtr: number): number {
  const words = capabilityWords(task, headerPtr);
  const pid = task.memory.readI32(headerPtr + 4);
  if (pid !== 0 && pid !== task.tid) throw EPERM;
  if (dataPtr === 0) throw EFAULT;
  const read = (n: number): bigint => Array.from({ length: words }, (_, i) => BigInt(task.memory.readU32(dataPtr + 12 * i + 4 * n)) << BigInt(32 * i)).reduce((a, b) => a | b, 0n);
  const [effective, permitted, inheritable] = [read(0), read(1), read(2)];
  const c = task.credentials;
  if (permitted & ~c.permitted || effective & ~permitted || inheritable & ~(c.inheritable | c.bounding)) throw EPERM;
  Object.assign(c, { effective, permitted, inheritable });
  return 0;
}

const reading = (read: (c: Credentials) => number) => (task: Task): Result => read(task.credentials);

export const identityCalls: readonly SyscallRow[] = [
  sys(39, 'getpid', [], (task) => task.pid),
  sys(186, 'gettid', [], (task) => task.tid),
  sys(110, 'getppid', [], (task) => task.process.parent?.pid ?? 0),
  sys(109, 'setpgid', [Pid, Pid], setpgid),
  sys(121, 'getpgid', [Pid], (task, pid) => processOf(task, pid).group.id),
  sys(111, 'getpgrp', [], (task) => task.process.group.id),
  sys(124, 'getsid', [Pid], (task, pid) => processOf(task, pid).session.id),
  sys(112, 'setsid', [], setsid),
  sys(102, 'getuid', [], reading((c) => c.uid)),
  sys(107, 'geteuid', [], reading((c) => c.euid)),
  sys(104, 'getgid', [], reading((c) => c.gid)),
  sys(108, 'getegid', [], reading((c) => c.egid)),
  sys(105, 'setuid', [Id], setuid),
  sys(106, 'setgid', [Id], setgid),
  sys(113, 'setreuid', [Id, Id], setreuid),
  sys(114, 'setregid', [Id, Id], setregid),
  sys(117, 'setresuid', [Id, Id, Id], setresuid),
  sys(119, 'setresgid', [Id, Id, Id], setresgid),
  sys(118, 'getresuid', [OutInt, OutInt, OutInt], (task, ...ptrs) => writeIds(task, uids(task.credentials), ptrs)),
  sys(120, 'getresgid', [OutInt, OutInt, OutInt], (task, ...ptrs) => writeIds(task, gids(task.credentials), ptrs)),
  sys(122, 'setfsuid', [Id], setfsuid),
  sys(123, 'setfsgid', [Id], setfsgid),
  sys(115, 'getgroups', [Int, Ptr], getgroups),
  sys(116, 'setgroups', [Int, Ptr], setgroups),
  sys(125, 'capget', [Ptr, Ptr], capget),
  sys(126, 'capset', [Ptr, Ptr], capset),
];
