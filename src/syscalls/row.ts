// A row of the system-call table: number, name, argument codecs, handler. A handler returns its result, a Wait, or throws an Errno.
import type { Errno } from '../abi/index.ts';
import type { Wait } from '../base/index.ts';
import { R10, R8, R9, RDI, RDX, RSI } from '../guest/index.ts';
import type { Task } from '../linux/index.ts';
import type { Codec, DecodedArgs } from './codec.ts';

/** Where the arguments of a call are. */
export const argumentRegisters = [RDI, RSI, RDX, R10, R8, R9] as const;

/** Returned by a handler that has set the registers itself, or whose task goes on elsewhere (execve, rt_sigreturn, exit). */
export const registersSet = Symbol('registers set');

/** A value for rax, an errno that is no exception (a file that is not there), "not now", or nothing to store. */
export type Result = number | bigint | Errno | Wait | typeof registersSet;

export interface SyscallRow {
  readonly number: number;
  readonly name: string;
  readonly codecs: readonly Codec<unknown>[];
  readonly handler: (task: Task, ...args: never[]) => Result;
  /** What is different from Linux; printed in docs/syscalls.md. */
  readonly note: string | undefined;
  /** The errno it always gives, when it is refused. */
  readonly refused?: Errno;
  /** How many arguments a refused call has, for traces. */
  readonly refusedArguments?: number;
  /** Puts printed arguments as strace does where that is not one after the other; '' is left out. */
  readonly arrange?: (parts: readonly string[], args: readonly unknown[]) => readonly string[];
}

/** One system call. The handler's parameters are the task and what the codecs decode from rdi, rsi, rdx, r10, r8, r9; a mismatch is a compile error. */
export function sys<const C extends readonly Codec<any>[]>(number: number, name: string, codecs: C, handler: (task: Task, ...args: DecodedArgs<C>) => Result, note?: string): SyscallRow {
  return { number, name, codecs, handler: handler as SyscallRow['handler'], note };
}

/** A row whose printed arguments are arranged; see SyscallRow.arrange. */
export const arranged = (row: SyscallRow, arrange: NonNullable<SyscallRow['arrange']>): SyscallRow => ({ ...row, arrange });

/** A call that always gives `errno`, and why. */
export function refuse(number: number, name: string, errno: Errno, why: string, refusedArguments = 6): SyscallRow {
  return { number, name, codecs: [], handler: () => { throw errno; }, note: why, refused: errno, refusedArguments };
}
