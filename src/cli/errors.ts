// From any error to a line on standard error and an exit code: the one place where tool errors are handled.
import { EngineError } from '../engine/index.ts';
import { ImageError, type ImageErrorCode } from '../oci/index.ts';
import { ClientError, PlainError, WRONG_FLAG } from './flags.ts';
import type { Terminal, Verb } from './verb.ts';

/** An error with a stable code (ImageError, EngineError, Node's system errors). */
interface CodedError extends Error { readonly code: string; readonly exitCode?: number; readonly path?: string; readonly syscall?: string }

const isCoded = (error: unknown): error is CodedError => error instanceof Error && typeof (error as { code?: unknown }).code === 'string';

const systemWords: Readonly<Record<string, string>> = { ENOENT: 'no such file or directory', EACCES: 'permission denied', EISDIR: 'is a directory', ENOSPC: 'no space left on device', EROFS: 'read-only file system', ENOTDIR: 'not a directory' };

/** The system's words for an error of the host's file system, undefined for others. */
export const systemMessage = (error: unknown): string | undefined => (isCoded(error) && error.syscall ? systemWords[error.code] : undefined);

/** Docker's form for host files: `open /nope: no such file or directory`. */
const text = (error: CodedError): string => {
  const words = systemMessage(error);
  return words ? `${error.syscall} ${error.path ?? ''}: ${words}` : error.message;
};

/** What docker's daemon says of images; other complaints are its client's, or about an archive. */
const daemonWords: readonly ImageErrorCode[] = ['no-such-image', 'conflict', 'bad-filter', 'bad-change', 'bad-reference'];
const isDaemons = (error: CodedError): boolean => error instanceof EngineError || error.name === 'RegistryError' || (error instanceof ImageError && daemonWords.includes(error.code));

/** One line that says what went wrong, as docker's client shows what its daemon said. A bug of ours is thrown on. */
export function messageOf(error: unknown): string {
  if (!isCoded(error)) throw error;
  return isDaemons(error) ? `Error response from daemon: ${error.message}` : text(error);
}

/** Reports a failure of a verb and gives the exit code. A bug of ours is shown with its stack. */
export function report(error: unknown, verb: Verb, terminal: Terminal): number {
  if (!isCoded(error)) {
    terminal.err(`wherry: internal error: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return verb.failure;
  }
  if (error instanceof PlainError) {
    terminal.err(`${error.message}\n`);
    return 1;
  }
  const isClients = error instanceof ClientError;
  if (verb.failure !== 125 && !isClients) {
    terminal.err(`${messageOf(error)}\n`);
    return verb.failure;
  }
  terminal.err(`wherry: ${messageOf(error)}\n\nRun 'wherry ${verb.name} --help' for more information\n`);
  if (isClients) return WRONG_FLAG;
  return error.exitCode ?? verb.failure;
}
