// Errors a user sees: one class with a stable code, mapped once to an exit code at the command line.

/** `code` is stable; `exitCode` is what `wherry run` ends with (Docker's 125 our error, 126 cannot be run, 127 not found). Other commands end with 1. */
export class EngineError extends Error {
  readonly code: string;
  readonly exitCode: number;
  constructor(code: string, message: string, exitCode = 125) { super(message); this.code = code; this.exitCode = exitCode; }
}
