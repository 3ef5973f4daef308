// Waiting for several files at once: poll, select, epoll. poll(2), select(2), epoll_wait(2).
import { EBADF, EFAULT, EINVAL, O_CLOEXEC, O_RDWR, epollEventLayout, pollfdLayout, resources } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import type { WaitQueue } from '../../base/index.ts';
import { ALWAYS, Description, EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP, EpollFile, UNSTOPPABLE, collectQueues, readiness, selectBits } from '../../linux/index.ts';
import type { Task } from '../../linux/index.ts';
import { POLLNVAL } from '../../vfs/index.ts';
import { Fd, Int, OutTimevalPtr, Ptr, Size, TimespecPtr, flags, oneOf, pointed, printFlags } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';

const MILLISECOND_NS = 1_000_000n, SECOND_NS = 1_000_000_000n;

/** How long a call waits at most: nanoseconds, or undefined for ever. */
type Timeout = bigint | undefined;

const millisecondTimeout = (ms: number): Timeout => (ms < 0 ? undefined : BigInt(ms) * MILLISECOND_NS);

/** A timespec or (`unitNs` 1000) timeval that may be NULL. Throws EINVAL. */
function timeoutAt(task: Task, ptr: number, unitNs = 1n): Timeout {
  if (ptr === 0) return undefined;
  const seconds = BigInt.asIntN(64, task.memory.readU64(ptr));
  const part = BigInt.asIntN(64, task.memory.readU64(ptr + 8));
  if (seconds < 0n || part < 0n || part * unitNs >= SECOND_NS) throw EINVAL;
  return seconds * SECOND_NS + part * unitNs;
}

/** 0 once the timeout has passed, else a Wait on the queues until then. */
function waitOrZero(task: Task, queues: Iterable<WaitQueue>, timeout: Timeout): number | Wait {
  if (timeout === undefined) return new Wait([...queues]);
  const deadlineNs = task.deadline(timeout);
  return timeout === 0n || task.kernel.monotonicNs() >= deadlineNs ? 0 : new Wait([...queues], deadlineNs);
}

const SIGSET_SIZE = 8;

/** ppoll, pselect6, epoll_pwait: the mask that holds during the call. */
function useMask(task: Task, maskPtr: number, size: number): void {
  if (maskPtr === 0) return;
  if (size !== SIGSET_SIZE) throw EINVAL;
  const mask = task.memory.readU64(maskPtr) & ~UNSTOPPABLE;
  task.savedMask ??= task.mask;
  task.mask = mask;
}

function poll(task: Task, fdsPtr: number, count: number, timeout: Timeout): number | Wait {
  if (BigInt(count) > task.process.limits[resources.RLIMIT_NOFILE]!.soft) throw EINVAL;
  const bytes = task.memory.readable(fdsPtr, count * pollfdLayout.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const queues = new Set<WaitQueue>();
  const results: number[] = [];
  for (let i = 0; i < count; i++) results.push(pollOne(task, view.getInt32(i * 8, true), view.getUint16(i * 8 + 4, true), queues));
  const ready = results.filter((bits) => bits !== 0).length;
  const result = ready > 0 ? ready : waitOrZero(task, queues, timeout);
  if (result instanceof Wait) return result;
  task.memory.writable(fdsPtr, count * pollfdLayout.size);
  results.forEach((bits, i) => { task.memory.writeU16(fdsPtr + i * 8 + 6, bits); });
  return result;
}

/** The revents of one pollfd; negative descriptors are passed over. */
function pollOne(task: Task, fd: number, events: number, queues: Set<WaitQueue>): number {
  if (fd < 0) return 0;
  if (!task.files.has(fd)) return POLLNVAL;
  const description = task.files.get(fd, true);
  if (description.pathOnly) return POLLNVAL;
  collectQueues(description, queues);
  return readiness(description) & (events | ALWAYS);
}

function ppoll(task: Task, fdsPtr: number, count: number, timeoutPtr: number, maskPtr: number, size: number): number | Wait {
  const timeout = timeoutAt(task, timeoutPtr);
  useMask(task, maskPtr, size);
  const result = poll(task, fdsPtr, count, timeout);
  if (!(result instanceof Wait)) storeRest(task, timeoutPtr, timeout, 1n);
  return result;
}

/** Linux stores the time that was left. */
function storeRest(task: Task, ptr: number, timeout: Timeout, unitNs: bigint): void {
  if (ptr === 0 || timeout === undefined) return;
  const left = task.deadline(timeout) - task.kernel.monotonicNs();
  const rest = left > 0n ? left : 0n;
  try {
    task.memory.writeU64(ptr, rest / SECOND_NS);
    task.memory.writeU64(ptr + 8, (rest % SECOND_NS) / unitNs);
  } catch (error) { if (error !== EFAULT) throw error; }
}

const sets = ['read', 'write', 'except'] as const;

/** select(2): three bit sets of `count` descriptors, NULL for none. */
function select(task: Task, count: number, ptrs: readonly number[], timeout: Timeout): number | Wait {
  if (count < 0) throw EINVAL;
  const limit = Math.min(count, Math.max(0, ...task.files.numbers().map((fd) => fd + 1)));
  const length = Math.ceil(count / 64) * 8;
  const wanted = ptrs.map((ptr) => (ptr === 0 ? undefined : task.memory.readable(ptr, length).slice()));
  if (wanted.some((set) => set && hasBitsFrom(set, limit, count))) throw EBADF;
  const queues = new Set<WaitQueue>();
  const found = wanted.map((set) => set && new Uint8Array(length));
  let ready = 0;
  for (let fd = 0; fd < limit; fd++) ready += selectOne(task, fd, wanted, found, queues);
  const result = ready > 0 ? ready : waitOrZero(task, queues, timeout);
  if (result instanceof Wait) return result;
  found.forEach((set, i) => { if (set) task.memory.writable(ptrs[i]!, length).set(set); });
  return result;
}

const hasBit = (set: Uint8Array | undefined, fd: number): boolean => set !== undefined && (set[fd >> 3]! & (1 << (fd & 7))) !== 0;
const hasBitsFrom = (set: Uint8Array, from: number, to: number): boolean => {
  for (let fd = from; fd < to; fd++) if (hasBit(set, fd)) return true;
  return false;
};

/** Marks what is ready of one descriptor and returns in how many sets. Throws EBADF when it is not open. */
function selectOne(task: Task, fd: number, wanted: readonly (Uint8Array | undefined)[], found: readonly (Uint8Array | undefined)[], queues: Set<WaitQueue>): number {
  if (!wanted.some((set) => hasBit(set, fd))) return 0;
  const description = task.files.get(fd);
  collectQueues(description, queues);
  const bits = readiness(description);
  let ready = 0;
  sets.forEach((name, i) => {
    if (!hasBit(wanted[i], fd) || (bits & selectBits[name]) === 0) return;
    found[i]![fd >> 3]! |= 1 << (fd & 7);
    ready++;
  });
  return ready;
}

function selectCall(task: Task, count: number, read: number, write: number, except: number, timeoutPtr: number, unitNs: bigint): number | Wait {
  const timeout = timeoutAt(task, timeoutPtr, unitNs);
  const result = select(task, count, [read, write, except], timeout);
  if (!(result instanceof Wait)) storeRest(task, timeoutPtr, timeout, unitNs);
  return result;
}

/** pselect6(2): the last argument points to a mask pointer and its size. */
function pselect6(task: Task, count: number, read: number, write: number, except: number, timeoutPtr: number, sigPtr: number): number | Wait {
  if (sigPtr !== 0) useMask(task, Number(task.memory.readU64(sigPtr)), Number(task.memory.readU64(sigPtr + 8)));
  return selectCall(task, count, read, write, except, timeoutPtr, 1n);
}

const EPOLL_CTL = { EPOLL_CTL_ADD: 1, EPOLL_CTL_DEL: 2, EPOLL_CTL_MOD: 3 } as const;
const EPOLL_CLOEXEC = O_CLOEXEC;

function epollCreate1(task: Task, bits: number): number {
  if (bits & ~EPOLL_CLOEXEC) throw EINVAL;
  return task.files.add(new Description(new EpollFile(), O_RDWR), (bits & EPOLL_CLOEXEC) !== 0);
}

const epollOf = (description: Description): EpollFile => {
  if (!(description.file instanceof EpollFile)) throw EINVAL;
  return description.file;
};

function epollCtl(task: Task, epfd: number, operation: number, fd: number, eventPtr: number): number {
  const event = operation === EPOLL_CTL.EPOLL_CTL_DEL ? { events: 0, data: 0n } : epollEventLayout.decode(task.memory.readable(eventPtr, epollEventLayout.size));
  const [set, target] = [task.files.get(epfd), task.files.get(fd)];
  const epoll = epollOf(set);
  if (operation === EPOLL_CTL.EPOLL_CTL_ADD) epoll.add(fd, target, event.events, event.data);
  else if (operation === EPOLL_CTL.EPOLL_CTL_MOD) epoll.modify(fd, target, event.events, event.data);
  else if (operation === EPOLL_CTL.EPOLL_CTL_DEL) epoll.remove(fd, target);
  else throw EINVAL;
  return 0;
}

const MOST_EVENTS = Math.floor(0x7fff_ffff / 12);

function epollWait(task: Task, epfd: number, eventsPtr: number, limit: number, timeout: Timeout): number | Wait {
  if (limit <= 0 || limit > MOST_EVENTS) throw EINVAL;
  const epoll = epollOf(task.files.get(epfd));
  if (epoll.poll() === 0) return waitOrZero(task, [epoll.changed], timeout);
  task.memory.writable(eventsPtr, epollEventLayout.size);
  const events = epoll.take(limit);
  events.forEach((event, i) => task.memory.writable(eventsPtr + i * epollEventLayout.size, epollEventLayout.size).set(epollEventLayout.encode({ ...event })));
  return events.length > 0 ? events.length : waitOrZero(task, [epoll.changed], timeout);
}

function epollPwait(task: Task, epfd: number, eventsPtr: number, limit: number, timeout: Timeout, maskPtr: number, size: number): number | Wait {
  useMask(task, maskPtr, size);
  return epollWait(task, epfd, eventsPtr, limit, timeout);
}

const pollNames = Object.entries({ POLLIN: 1, POLLPRI: 2, POLLOUT: 4, POLLERR: 8, POLLHUP: 16, POLLNVAL: 32, POLLRDNORM: 0x40, POLLRDBAND: 0x80, POLLWRNORM: 0x100, POLLWRBAND: 0x200, POLLRDHUP: 0x2000 });
const epollNames = [...pollNames.map(([name, bit]) => [`E${name}`, bit] as const), ...Object.entries({ EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET })];

const PollFds = pointed((task, ptr, { args }) => {
  const shown = Array.from({ length: Math.min(args[1] as number, 32) }, (_, i) => pollfdLayout.decode(task.memory.readable(ptr + i * 8, 8)));
  return `[${shown.map((p) => `{fd=${p.fd}, events=${printFlags(pollNames, p.events, '0')}}`).join(', ')}]`;
});
const printEvent = (task: Task, ptr: number): string => {
  const { events, data } = epollEventLayout.decode(task.memory.readable(ptr, epollEventLayout.size));
  return `{events=${printFlags(epollNames, events, '0')}, data=0x${data.toString(16)}}`;
};
const EpollEventPtr = pointed(printEvent);
const OutEpollEvents = pointed((task, ptr, { result }) => `[${Array.from({ length: Math.min(result ?? 0, 32) }, (_, i) => printEvent(task, ptr + i * 12)).join(', ')}]`, 'out');
const FdSet = pointed((task, ptr, { args }) => {
  const set = task.memory.readable(ptr, Math.ceil(Math.min(args[0] as number, 1024) / 64) * 8);
  return `[${Array.from({ length: set.length * 8 }, (_, fd) => fd).filter((fd) => hasBit(set, fd)).join(' ')}]`;
});

export const pollCalls: readonly SyscallRow[] = [
  sys(7, 'poll', [PollFds, Int, Int], (task, ptr, count, timeout) => poll(task, ptr, count >>> 0, millisecondTimeout(timeout))),
  sys(23, 'select', [Int, FdSet, FdSet, FdSet, OutTimevalPtr], (task, count, read, write, except, timeout) => selectCall(task, count, read, write, except, timeout, 1000n)),
  sys(213, 'epoll_create', [Int], (task, size) => { if (size <= 0) throw EINVAL; return epollCreate1(task, 0); }),
  sys(232, 'epoll_wait', [Fd, OutEpollEvents, Int, Int], (task, epfd, ptr, limit, timeout) => epollWait(task, epfd, ptr, limit, millisecondTimeout(timeout))),
  sys(233, 'epoll_ctl', [Fd, oneOf(EPOLL_CTL), Fd, EpollEventPtr], epollCtl, 'EPOLLEXCLUSIVE wakes as EPOLLET without it does'),
  sys(270, 'pselect6', [Int, FdSet, FdSet, FdSet, TimespecPtr, Ptr], pselect6),
  sys(271, 'ppoll', [PollFds, Int, TimespecPtr, Ptr, Size], (task, ptr, count, timeout, mask, size) => ppoll(task, ptr, count >>> 0, timeout, mask, size)),
  sys(281, 'epoll_pwait', [Fd, OutEpollEvents, Int, Int, Ptr, Size], (task, epfd, ptr, limit, timeout, mask, size) => epollPwait(task, epfd, ptr, limit, millisecondTimeout(timeout), mask, size)),
  sys(291, 'epoll_create1', [flags({ EPOLL_CLOEXEC })], epollCreate1),
  sys(441, 'epoll_pwait2', [Fd, OutEpollEvents, Int, TimespecPtr, Ptr, Size], (task, epfd, ptr, limit, timeout, mask, size) => epollPwait(task, epfd, ptr, limit, timeoutAt(task, timeout), mask, size)),
];

