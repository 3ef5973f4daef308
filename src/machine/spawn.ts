// A container's first process: its program found and loaded, its session and credentials.
import { EACCES, ENOENT, Errno, RLIMIT_NOFILE } from '../abi/index.ts';
import { prepare } from '../loader/index.ts';
import { Credentials, FsContext, Process, ProcessGroup, Session, SignalActions, Task } from '../linux/index.ts';
import type { Kernel } from '../linux/index.ts';
import { find, operations } from '../vfs/index.ts';
import type { MountTable, Place } from '../vfs/index.ts';

/** The first process. Strings are JavaScript strings; the program gets UTF-8. */
export interface ProcessRequest {
  argv: readonly string[];
  env: readonly string[];
  cwd: string;
  uid: number;
  gid: number;
  groups?: readonly number[];
}

/** The program could not be started: `errno` tells not found (ENOENT) from cannot be run; `message` is one line. */
export class StartError extends Error {
  readonly code = 'START_FAILED';
  readonly errno: Errno;
  constructor(errno: Errno, message: string) { super(message); this.errno = errno; }
}

const encoder = new TextEncoder();
/** UTF-8 bytes as a latin1 string: how paths and arguments are kept inside. */
const bytesOf = (text: string): string => String.fromCharCode(...encoder.encode(text));

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes process 1, without descriptors. Throws StartError. */
export function spawnInit(kernel: Kernel, mounts: MountTable, request: ProcessRequest): Task {
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  const fs = new FsContext(mounts, root, root);
  const credentials = Credentials.of(request.uid, request.gid, request.groups);
  fs.cwd = workingDirectory(fs, credentials, request.cwd);
  const [place, path] = findProgram(fs, credentials, request);
  const prepared = orStartError(() => prepare({ kernel, fs, credentials }, { place, path, argv: request.argv.map(bytesOf), envp: request.env.map(bytesOf) }), (errno) =>
    (errno === ENOENT ? `${request.argv[0]}: its interpreter is not there` : kernel.execFailure ?? `${request.argv[0]}: ${errno.name}`));
  const pid = kernel.newPid();
  const session = new Session(pid);
  const group = new ProcessGroup(pid, session);
  kernel.groups.set(pid, group);
  const process = new Process(pid, group, new SignalActions(), kernel.monotonicNs());
  const task = new Task(pid, process, kernel, prepared.space, kernel.files.newTable(Number(process.limits[RLIMIT_NOFILE]!.soft)), fs, prepared.credentials);
  process.leader = task;
  process.tasks.add(task);
  process.executable = prepared.executable;
  process.hasExeced = true;
  task.name = prepared.executable.name.slice(0, 15);
  prepared.space.users = 1;
  prepared.space.live = task;
  kernel.tasks.set(pid, task);
  kernel.processes.set(pid, process);
  kernel.init = process;
  kernel.scheduler.admit(task);
  return task;
}

function orStartError<T>(act: () => T, message: (errno: Errno) => string): T {
  try { return act(); } catch (error) { if (error instanceof Errno) throw new StartError(error, message(error)); throw error; }
}

/** Docker makes a missing working directory. */
function workingDirectory(fs: FsContext, credentials: Credentials, cwd: string): Place {
  const context = fs.walkContext(Credentials.of(0, 0));
  const path = bytesOf(cwd);
  return orStartError(() => {
    try { return find(context, fs.root, path); } catch (error) { if (error !== ENOENT) throw error; }
    makeDirectories(fs, path);
    return find(fs.walkContext(credentials), fs.root, path);
  }, (errno) => `working directory ${cwd}: ${errno.name}`);
}

function makeDirectories(fs: FsContext, path: string): void {
  const context = fs.walkContext(Credentials.of(0, 0));
  const names = path.split('/').filter((name) => name !== '');
  names.forEach((_, i) => {
    const prefix = `/${names.slice(0, i + 1).join('/')}`;
    try { find(context, fs.root, prefix); } catch (error) { if (error !== ENOENT) throw error; operations.mkdir(context, fs.root, prefix, 0o755); }
  });
}

/** A name with a slash is a path; others are looked for along PATH of the process's environment. */
function findProgram(fs: FsContext, credentials: Credentials, { argv, env }: ProcessRequest): [Place, string] {
  const name = bytesOf(argv[0] ?? '');
  const context = fs.walkContext(credentials);
  const tryPath = (path: string): Place => {
    const place = find(context, fs.cwd, path);
    operations.demandExecutable(place, credentials.forFiles);
    return place;
  };
  const search = env.find((word) => word.startsWith('PATH='))?.slice(5) ?? SEARCH_PATH;
  const candidates = name.includes('/') ? [name] : bytesOf(search).split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`);
  let denied = false;
  for (const path of candidates) {
    try { return [tryPath(path), path]; } catch (error) { if (!(error instanceof Errno)) throw error; denied ||= error === EACCES; }
  }
  throw denied ? new StartError(EACCES, `${argv[0]}: permission denied`) : new StartError(ENOENT, `${argv[0]}: ${name.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH'}`);
}
