// Restartable sequences: a short piece of user code that starts again at its abort handler when it was preempted or got a signal. rseq(2), linux/rseq.h.
import { EFAULT } from '../abi/index.ts';
import type { Task } from './task.ts';

/** What a thread registered: its struct rseq, and the word that must stand before every abort handler. */
export interface RestartableSequences { readonly ptr: number; readonly length: number; readonly signature: number }

/** struct rseq: cpu_id_start, cpu_id, rseq_cs, flags, node_id, mm_cid. */
const CPU_ID_START = 0, CPU_ID = 4, RSEQ_CS = 8;
const UNINITIALIZED = 0xffff_ffff;
/** struct rseq_cs: version, flags, start_ip, post_commit_offset, abort_ip. */
const START_IP = 8, POST_COMMIT_OFFSET = 16, ABORT_IP = 24;

/** Tells the thread its processor: there is one. Throws EFAULT. */
export function writeProcessor(task: Task, { ptr, length }: RestartableSequences, registered: boolean): void {
  task.memory.writable(ptr, length);
  task.memory.writeU32(ptr + CPU_ID_START, 0);
  task.memory.writeU32(ptr + CPU_ID, registered ? 0 : UNINITIALIZED);
}

/** The task, which is current, was interrupted: inside a critical section it goes on at the abort handler. Throws EFAULT where the thread's structures are wrong. */
export function interruptSequence(task: Task): void { if (task.sequences) abort(task, task.sequences); }

function abort(task: Task, { ptr, signature }: RestartableSequences): void {
  const { memory, registers } = task;
  const section = Number(memory.readU64(ptr + RSEQ_CS));
  if (section === 0) return;
  const [start, length, handler] = [START_IP, POST_COMMIT_OFFSET, ABORT_IP].map((at) => memory.readU64(section + at)) as [bigint, bigint, bigint];
  const inside = BigInt.asUintN(64, BigInt(registers.pc) - start) < length;
  memory.writeU64(ptr + RSEQ_CS, 0n);
  if (!inside) return;
  if (memory.readU32(Number(handler) - 4) !== signature) throw EFAULT;
  registers.pc = Number(handler);
}
