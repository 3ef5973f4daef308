// System V message queues: messages with a type, taken in order, by type, or lowest type first. msgop(2), msgctl(2).
import { E2BIG, EAGAIN, EIDRM, ENOMSG, MSGMNB, MSGMNI, msgFlags, IPC_NOWAIT } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { type IpcObject, IpcTable } from './ids.ts';

export interface Message { readonly type: bigint; readonly bytes: Uint8Array }

/** A queue. `changed` is woken by every message that comes or goes, and by its removal. */
export interface MessageQueue extends IpcObject {
  readonly messages: Message[];
  readonly changed: WaitQueue;
  /** The most bytes it holds. */
  qbytes: number;
  cbytes: number;
  stimeNs: bigint;
  rtimeNs: bigint;
  lspid: number;
  lrpid: number;
  removed: boolean;
}

/** msgsnd(2). Throws EAGAIN, EIDRM. */
export function send(queue: MessageQueue, message: Message, flags: number, pid: number, nowNs: bigint): Wait | undefined {
  if (queue.removed) throw EIDRM;
  if (queue.cbytes + message.bytes.length > queue.qbytes || queue.messages.length >= queue.qbytes) {
    if (flags & IPC_NOWAIT) throw EAGAIN;
    return new Wait([queue.changed]);
  }
  queue.messages.push(message);
  queue.cbytes += message.bytes.length;
  queue.lspid = pid;
  queue.stimeNs = nowNs;
  queue.changed.wake();
  return undefined;
}

/** Which message msgrcv(2) takes: the first, the first of a type (or of another), or the lowest type up to a bound. */
function choose(queue: MessageQueue, type: bigint, flags: number): number {
  const { messages } = queue;
  if (type === 0n) return messages.length > 0 ? 0 : -1;
  if (type > 0n) return messages.findIndex((m) => (m.type === type) !== ((flags & msgFlags.MSG_EXCEPT) !== 0));
  let best = -1;
  messages.forEach((m, i) => { if (m.type <= -type && (best < 0 || m.type < messages[best]!.type)) best = i; });
  return best;
}

/** msgrcv(2). Throws ENOMSG, E2BIG, EIDRM. */
export function receive(queue: MessageQueue, size: number, type: bigint, flags: number, pid: number, nowNs: bigint): Message | Wait {
  if (queue.removed) throw EIDRM;
  const index = choose(queue, type, flags);
  const message = queue.messages[index];
  if (!message) {
    if (flags & IPC_NOWAIT) throw ENOMSG;
    return new Wait([queue.changed]);
  }
  if (message.bytes.length > size && !(flags & msgFlags.MSG_NOERROR)) throw E2BIG;
  queue.messages.splice(index, 1);
  queue.cbytes -= message.bytes.length;
  queue.lrpid = pid;
  queue.rtimeNs = nowNs;
  queue.changed.wake();
  return message;
}

export class MessageQueues {
  readonly table = new IpcTable<MessageQueue>(MSGMNI);

  static make(base: IpcObject): MessageQueue {
    return { ...base, messages: [], changed: new WaitQueue(), qbytes: MSGMNB, cbytes: 0, stimeNs: 0n, rtimeNs: 0n, lspid: 0, lrpid: 0, removed: false };
  }

  remove(queue: MessageQueue): void {
    queue.removed = true;
    this.table.remove(queue);
    queue.changed.wake();
  }
}
