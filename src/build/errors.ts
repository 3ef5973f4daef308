// What goes wrong in a build, in the words of Docker's builder.

export class BuildError extends Error {
  readonly code: string;
  /** Of the command; absent: 1. */
  readonly exitCode: number | undefined;
  constructor(code: string, message: string, exitCode?: number) {
    super(message);
    this.name = 'BuildError';
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** The file is no Dockerfile. */
export const syntaxError = (line: number, message: string): BuildError => new BuildError('SYNTAX', `dockerfile parse error line ${line}: ${message}`);
