// From an image's configuration and the words of `run` to what the first process gets: argv, environment, working directory, user. Docker's rules.
import { EngineError } from './errors.ts';

/** The part of an OCI image configuration that concerns a process (image-spec config.md). */
export interface ImageProcess {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly User?: string;
}

/** What the user said. */
export interface RunRequest {
  readonly command: readonly string[];
  readonly entrypoint?: string;
  /** NAME=value, or NAME to take the caller's. */
  readonly env: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly hostname: string;
  readonly tty: boolean;
  /** The caller's environment, for `-e NAME`. */
  readonly callerEnv: Readonly<Record<string, string | undefined>>;
}

export interface ProcessConfig {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As said: name, uid, name:group, uid:gid, or empty for root. */
  readonly user: string;
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** ENTRYPOINT and CMD: a given entry point forgets the image's CMD; given words replace CMD. Throws EngineError when nothing is left to run. */
export function commandLine(image: ImageProcess, request: Pick<RunRequest, 'command' | 'entrypoint'>): string[] {
  const given = request.entrypoint;
  const entrypoint = given === undefined ? image.Entrypoint ?? [] : given === '' ? [] : [given];
  const words = request.command.length > 0 || given !== undefined ? request.command : image.Cmd ?? [];
  const argv = [...entrypoint, ...words];
  if (argv.length === 0) throw new EngineError('NO_COMMAND', 'no command specified');
  return argv;
}

/** The environment in Docker's order: PATH, HOSTNAME, TERM, the image's, the user's. Later words replace earlier ones in place. HOME is added when the user is known. */
export function environment(image: ImageProcess, request: RunRequest): string[] {
  const variables = new Map<string, string>();
  const put = (word: string): void => {
    const equals = word.indexOf('=');
    if (equals > 0) variables.set(word.slice(0, equals), word);
  };
  put(defaultPath);
  put(`HOSTNAME=${request.hostname}`);
  if (request.tty) put('TERM=xterm');
  for (const word of image.Env ?? []) put(word);
  for (const word of request.env) {
    if (word.includes('=')) put(word);
    else if (request.callerEnv[word] !== undefined) put(`${word}=${request.callerEnv[word]}`);
  }
  return [...variables.values()];
}

export function processConfig(image: ImageProcess, request: RunRequest): ProcessConfig {
  const cwd = request.workingDir ?? (image.WorkingDir || '/');
  if (!cwd.startsWith('/')) throw new EngineError('BAD_WORKDIR', `the working directory '${cwd}' is invalid, it needs to be an absolute path`);
  return { argv: commandLine(image, request), env: environment(image, request), cwd, user: request.user ?? image.User ?? '' };
}
