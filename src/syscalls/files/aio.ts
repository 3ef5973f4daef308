// Asynchronous input and output of the kernel (libaio): every request is done when it is submitted, and its event waits to be fetched. io_submit(2).
import { EAGAIN, EBADF, EINVAL, Errno, PROT_READ, PROT_WRITE } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { PAGE_SIZE } from '../../guest/index.ts';
import { type AddressSpace, EventFile, type Task } from '../../linux/index.ts';
import { Long, Ptr, Size } from '../codec.ts';
import { sys } from '../row.ts';
import type { Result, SyscallRow } from '../row.ts';
import { readTimespec } from '../structs.ts';
import { piecesOf, readablePart, writablePart } from './memory.ts';
import { readFrom, writeTo } from './transfer.ts';

interface IoEvent { readonly data: bigint; readonly iocb: number; readonly result: number }
interface IoContext { readonly limit: number; readonly events: IoEvent[]; readonly changed: WaitQueue }

/** Contexts of an address space, by the address of the page that stands for each. */
const contextsOf = new WeakMap<AddressSpace, Map<number, IoContext>>();
const IOCB_SIZE = 64, EVENT_SIZE = 32, MOST_EVENTS = 65536;
const IOCB_FLAG_RESFD = 1, IOCB_FLAG_IOPRIO = 2;

function contextAt(task: Task, id: number): IoContext {
  const context = contextsOf.get(task.space)?.get(id);
  if (!context) throw EINVAL;
  return context;
}

/** The context's number is an address that can be read: libraries look there for a ring, and find none. */
function ioSetup(task: Task, count: number, idPtr: number): number {
  if (task.memory.readU64(idPtr) !== 0n || count === 0) throw EINVAL;
  if (count > MOST_EVENTS) throw EAGAIN;
  const id = task.space.map({ address: 0, length: PAGE_SIZE, prot: PROT_READ | PROT_WRITE, shared: false, offset: 0, label: '/[aio]' });
  const contexts = contextsOf.get(task.space) ?? new Map<number, IoContext>();
  contextsOf.set(task.space, contexts.set(id, { limit: count, events: [], changed: new WaitQueue() }));
  task.memory.writeU64(idPtr, BigInt(id));
  return 0;
}

function ioDestroy(task: Task, id: number): number {
  const { changed } = contextAt(task, id);
  contextsOf.get(task.space)!.delete(id);
  task.space.unmap(id, PAGE_SIZE);
  changed.wake();
  return 0;
}

/** struct iocb (linux/aio_abi.h). */
interface Request { data: bigint; opcode: number; fd: number; buf: number; bytes: number; offset: number; flags: number; resultFd: number }

function requestAt(task: Task, ptr: number): Request {
  const raw = task.memory.readable(ptr, IOCB_SIZE);
  const view = new DataView(raw.buffer, raw.byteOffset, IOCB_SIZE);
  if (view.getBigUint64(48, true) !== 0n) throw EINVAL;
  return {
    data: view.getBigUint64(0, true), opcode: view.getUint16(16, true), fd: view.getInt32(20, true), buf: Number(view.getBigUint64(24, true)), bytes: Number(view.getBigUint64(32, true)),
    offset: Number(view.getBigInt64(40, true)), flags: view.getUint32(56, true), resultFd: view.getInt32(60, true),
  };
}

const moved = (result: number | Wait): number => {
  if (result instanceof Wait) throw EAGAIN;
  return result;
};

function vectored(task: Task, request: Request, move: (ptr: number, length: number, at: number) => number): number {
  let done = 0;
  for (const { ptr, length } of piecesOf(task, request.buf, request.bytes)) {
    const count = move(ptr, length, request.offset + done);
    done += count;
    if (count < length) break;
  }
  return done;
}

type Operation = (task: Task, request: Request) => number;
const readAt = (task: Task, request: Request, ptr: number, length: number, at: number): number => moved(readFrom(task, task.files.get(request.fd), writablePart(task.memory, ptr, length), at, true));
const writeAt = (task: Task, request: Request, ptr: number, length: number, at: number): number => moved(writeTo(task, task.files.get(request.fd), readablePart(task.memory, ptr, length), at, true));
const sync: Operation = (task, request) => {
  const { file } = task.files.get(request.fd);
  if (!file.sync) throw EINVAL;
  file.sync();
  return 0;
};

const operations = new Map<number, Operation>([
  [0, (task, r) => readAt(task, r, r.buf, r.bytes, r.offset)],
  [1, (task, r) => writeAt(task, r, r.buf, r.bytes, r.offset)],
  [2, sync],
  [3, sync],
  [7, (task, r) => vectored(task, r, (ptr, length, at) => readAt(task, r, ptr, length, at))],
  [8, (task, r) => vectored(task, r, (ptr, length, at) => writeAt(task, r, ptr, length, at))],
]);

function submit(task: Task, context: IoContext, iocb: number): void {
  const request = requestAt(task, iocb);
  const operation = operations.get(request.opcode);
  const description = task.files.get(request.fd);
  if (!operation || request.flags & ~(IOCB_FLAG_RESFD | IOCB_FLAG_IOPRIO)) throw EINVAL;
  if (request.opcode <= 1 && request.offset < 0) throw EINVAL;
  if (context.events.length >= context.limit) throw EAGAIN;
  const notify = request.flags & IOCB_FLAG_RESFD ? task.files.get(request.resultFd).file : undefined;
  if (notify && !(notify instanceof EventFile)) throw EINVAL;
  if (request.opcode === 0 && !description.readable || request.opcode === 1 && !description.writable) throw EBADF;
  context.events.push({ data: request.data, iocb, result: resultOf(task, request, operation) });
  notify?.write(ONE, 0, true);
  context.changed.wake();
}

const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** What the operation gives: a failure is the event's result. */
function resultOf(task: Task, request: Request, operation: Operation): number {
  try { return operation(task, request); } catch (error) {
    if (error instanceof Errno) return -error.code;
    throw error;
  }
}

/** The number of requests taken; the error of the first one when it is none. */
function ioSubmit(task: Task, id: number, count: number, listPtr: number): number {
  const context = contextAt(task, id);
  if (count < 0) throw EINVAL;
  for (let i = 0; i < count; i++) {
    try { submit(task, context, Number(task.memory.readU64(listPtr + 8 * i))); } catch (error) {
      if (i === 0 || !(error instanceof Errno)) throw error;
      return i;
    }
  }
  return count;
}

function ioGetevents(task: Task, id: number, least: number, most: number, ptr: number, timeoutPtr: number): Result {
  const context = contextAt(task, id);
  if (least < 0 || most < 0 || least > most) throw EINVAL;
  const deadline = timeoutPtr === 0 ? undefined : task.deadline(readTimespec(task, timeoutPtr));
  const late = deadline !== undefined && task.kernel.monotonicNs() >= deadline;
  if (context.events.length < least && !late) return new Wait([context.changed], deadline);
  const taken = context.events.splice(0, most);
  taken.forEach(({ data, iocb, result }, i) => {
    [data, BigInt(iocb), BigInt(result), 0n].forEach((word, field) => { task.memory.writeU64(ptr + i * EVENT_SIZE + 8 * field, word); });
  });
  return taken.length;
}

/** Requests are done at once, so there is never one to cancel. */
function ioCancel(task: Task, id: number, iocbPtr: number): number {
  task.memory.readable(iocbPtr, IOCB_SIZE);
  contextAt(task, id);
  throw EINVAL;
}

export const aioCalls: readonly SyscallRow[] = [
  sys(206, 'io_setup', [Size, Ptr], ioSetup),
  sys(207, 'io_destroy', [Ptr], ioDestroy),
  sys(208, 'io_getevents', [Ptr, Long, Long, Ptr, Ptr], ioGetevents),
  sys(209, 'io_submit', [Ptr, Long, Ptr], ioSubmit, 'requests are done before it returns; polling is EINVAL; a stream that is not ready gives EAGAIN'),
  sys(210, 'io_cancel', [Ptr, Ptr, Ptr], ioCancel),
  sys(333, 'io_pgetevents', [Ptr, Long, Long, Ptr, Ptr, Ptr], (task, id, least, most, ptr, timeout) => ioGetevents(task, id, least, most, ptr, timeout), 'the signal mask is not changed while it waits'),
];
