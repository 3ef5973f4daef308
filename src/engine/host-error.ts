// Errors of the host's files in Docker's words.
import { EngineError } from './errors.ts';

/** What the kernel says of some errors (strerror(3)), as Go does. */
export const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory', EACCES: 'permission denied', ENOTDIR: 'not a directory', EPERM: 'operation not permitted', EROFS: 'read-only file system', ENOSPC: 'no space left on device', EEXIST: 'file exists', ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long', EDQUOT: 'disk quota exceeded', EIO: 'input/output error',
};

/** The error that `make` makes of a system's error; any other error is itself. */
export function hostError(error: unknown, make: (why: string) => EngineError): unknown {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) && !(error instanceof EngineError) ? make(systemWords[code] ?? code) : error;
}

/** A start that the host's files hinder; docker's client tells exit codes by the words. */
export function noSource(message: string): EngineError {
  const exitCode = message.includes(systemWords['ENOENT']!) ? 127 : message.includes(systemWords['EACCES']!) ? 126 : 125;
  return new EngineError('NO_SOURCE', message, exitCode);
}
