// Programs run in a container beside its first one: Docker's rules for their environment, user and directory.
import { type Beside, type Machine, type ProcessIo, type ProcessRequest, StartError } from '../machine/index.ts';
import type { MountTable } from '../vfs/index.ts';
import { capabilitySet } from './confinement.ts';
import { EngineError } from './errors.ts';
import { type ContainerConfig, environment } from './process-config.ts';
import { readTextIn } from './root-files.ts';
import { additionalGroups, resolveUser } from './user.ts';

export interface ExecRequest {
  readonly command: readonly string[];
  /** NAME=value; a NAME alone takes the container's variable away. */
  readonly env?: readonly string[];
  /** Absent or empty: the container's. */
  readonly user?: string;
  /** Absent or empty: the container's. */
  readonly workingDir?: string;
  readonly tty?: boolean;
  /** All capabilities. */
  readonly privileged?: boolean;
  /** The container's further groups. */
  readonly groupAdd?: readonly string[];
}

const nameOf = (word: string): string => word.split('=', 1)[0]!;

/** What the container's programs get, and what was said on top. */
function environmentOf(config: ContainerConfig, { env = [], tty = false }: ExecRequest): string[] {
  const variables = new Map(environment({ ...config, Tty: tty }).map((word) => [nameOf(word), word]));
  for (const word of env) {
    if (word.includes('=')) variables.set(nameOf(word), word);
    else variables.delete(word);
  }
  return [...variables.values()];
}

/** Throws EngineError 'NO_USER', 'NO_GROUP'. */
function processOf(config: ContainerConfig, mounts: MountTable, request: ExecRequest): ProcessRequest {
  const groupFile = readTextIn(mounts, '/etc/group');
  const user = resolveUser(request.user || config.User, readTextIn(mounts, '/etc/passwd'), groupFile);
  const env = environmentOf(config, request);
  return {
    argv: request.command, env: env.some((word) => word.startsWith('HOME=')) ? env : [...env, `HOME=${user.home}`],
    cwd: request.workingDir || config.WorkingDir || '/', uid: user.uid, gid: user.gid, groups: [...user.groups, ...additionalGroups(request.groupAdd ?? [], groupFile)],
    ...(request.privileged ? { capabilities: capabilitySet({ Privileged: true }) } : {}),
  };
}

/** Runs a program in a container that runs. Throws EngineError in dockerd's words: exit code 127 for what is not there, 126 for what cannot be run. */
export function execIn(machine: Machine, config: ContainerConfig, request: ExecRequest, io: ProcessIo): Beside {
  try {
    const process = processOf(config, machine.mounts, request);
    if (!process.cwd.startsWith('/')) throw new EngineError('EXEC_FAILED', 'OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown', 126);
    return machine.exec(process, io);
  } catch (error) {
    if (error instanceof StartError) throw startFailure(error, request.command[0] ?? '');
    throw error instanceof EngineError ? new EngineError(error.code, error.message, 126) : error;
  }
}

function startFailure({ message, errno: { name } }: StartError, program: string): EngineError {
  const missing = name === 'ENOENT' || name === 'ENOTDIR';
  const ofProgram = message.startsWith(`${program}: `);
  const why = ofProgram ? message.slice(program.length + 2) : message;
  const words = ofProgram ? `exec: "${program}": ${missing && program.includes('/') && why === 'no such file or directory' ? `stat ${program}: ` : ''}${why}` : why;
  return new EngineError('EXEC_FAILED', `OCI runtime exec failed: exec failed: unable to start container process: ${words}: unknown`, ofProgram && missing ? 127 : 126);
}
