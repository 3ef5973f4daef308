// From any error to a line on standard error and an exit code: the one place where tool errors are handled.
import type { Terminal, Verb } from './verb.ts';

/** An error with a stable code (ImageError, EngineError, Node's system errors). */
interface CodedError extends Error { readonly code: string; readonly exitCode?: number; readonly path?: string; readonly syscall?: string }

const isCoded = (error: unknown): error is CodedError => error instanceof Error && typeof (error as { code?: unknown }).code === 'string';

const systemWords: Readonly<Record<string, string>> = { ENOENT: 'no such file or directory', EACCES: 'permission denied', EISDIR: 'is a directory', ENOSPC: 'no space left on device', EROFS: 'read-only file system', ENOTDIR: 'not a directory' };

/** Docker's form for host files: `open /nope: no such file or directory`. */
const text = (error: CodedError): string => {
  const words = error.syscall ? systemWords[error.code] : undefined;
  return words ? `${error.syscall} ${error.path ?? ''}: ${words}` : error.message;
};

/** Reports a failure of a verb and gives the exit code. A bug of ours is shown with its stack. */
export function report(error: unknown, verb: Verb, terminal: Terminal): number {
  if (!isCoded(error)) {
    terminal.err(`wherry: internal error: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return verb.failure;
  }
  terminal.err(verb.failure === 125 ? `wherry: ${text(error)}\n\nRun 'wherry ${verb.name} --help' for more information\n` : `${text(error)}\n`);
  return error.exitCode ?? verb.failure;
}
