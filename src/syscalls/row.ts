// A row of the system-call table: number, name, argument codecs, handler. A handler returns its result, a Wait, or throws an Errno.
import type { Errno } from '../abi/index.ts';
import type { Wait } from '../base/index.ts';
import type { Task } from '../linux/index.ts';
import type { Codec, DecodedArgs } from './codec.ts';

/** Returned by a handler that has set the registers itself, or whose task goes on elsewhere (execve, rt_sigreturn, exit). */
export const registersSet = Symbol('registers set');

/** A value for rax, "not now", or nothing to store. */
export type Result = number | bigint | Wait | typeof registersSet;

export interface SyscallRow {
  readonly number: number;
  readonly name: string;
  readonly codecs: readonly Codec<unknown>[];
  readonly handler: (task: Task, ...args: never[]) => Result;
  /** What is different from Linux; printed in docs/syscalls.md. */
  readonly note: string | undefined;
  /** The errno it always gives, when it is refused. */
  readonly refused?: Errno;
}

/** One system call. The handler's parameters are the task and what the codecs decode from rdi, rsi, rdx, r10, r8, r9; a mismatch is a compile error. */
export function sys<const C extends readonly Codec<any>[]>(number: number, name: string, codecs: C, handler: (task: Task, ...args: DecodedArgs<C>) => Result, note?: string): SyscallRow {
  return { number, name, codecs, handler: handler as SyscallRow['handler'], note };
}

/** A call that always gives `errno`, and why. */
export function refuse(number: number, name: string, errno: Errno, why: string): SyscallRow {
  return { number, name, codecs: [], handler: () => { throw errno; }, note: why, refused: errno };
}
