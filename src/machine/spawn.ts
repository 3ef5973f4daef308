// Processes that come from outside: a container's first one, and those that are run beside it later. Program found and loaded, session and credentials.
import { EAGAIN, ENOENT, ENOTDIR, Errno, errnoMessage, resources, RLIMIT_NOFILE, S_IFDIR, S_IFMT } from '../abi/index.ts';
import { prepare } from '../loader/index.ts';
import { type Confinement, Credentials, FsContext, Process, ProcessGroup, Session, SignalActions, Task } from '../linux/index.ts';
import type { Kernel } from '../linux/index.ts';
import { find, operations } from '../vfs/index.ts';
import type { MountTable, Place } from '../vfs/index.ts';
import { adopt, spawnInitProcess } from './init-process.ts';

/** A process to be started from outside. Strings are JavaScript strings; the program gets UTF-8. */
export interface ProcessRequest {
  argv: readonly string[];
  env: readonly string[];
  cwd: string;
  uid: number;
  gid: number;
  groups?: readonly number[];
  /** Those of the container when absent. */
  capabilities?: bigint;
  /** Of a first process: it is the child of an init process. */
  init?: boolean;
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

/** Makes the container's program, without descriptors: process 1, or the child of an init process. A working directory that is missing is made. Throws StartError. */
export function spawnInit(kernel: Kernel, mounts: MountTable, request: ProcessRequest): Task {
  const init = request.init ? spawnInitProcess(kernel, mounts, request.argv) : undefined;
  const task = spawn(kernel, mounts, request, workingDirectory);
  kernel.init = init ?? task.process;
  if (init) adopt(init, task.process);
  return task;
}

/** Makes another process whose parent is outside the container, without descriptors. Throws StartError. */
export function spawnBeside(kernel: Kernel, mounts: MountTable, request: ProcessRequest): Task {
  if (kernel.tasks.size >= (kernel.resources.pids ?? Infinity)) throw new StartError(EAGAIN, 'the limit of processes is reached');
  return spawn(kernel, mounts, request, existingDirectory);
}

type FindDirectory = (fs: FsContext, credentials: Credentials, cwd: string) => Place;

function spawn(kernel: Kernel, mounts: MountTable, request: ProcessRequest, directory: FindDirectory): Task {
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  const fs = new FsContext(mounts, root, root);
  const credentials = Credentials.of(request.uid, request.gid, request.groups, { ...kernel.confinement, ...(request.capabilities === undefined ? {} : { capabilities: request.capabilities }) });
  fs.cwd = directory(fs, credentials, request.cwd);
  const [place, path] = findProgram(fs, credentials, request);
  const prepared = orStartError(() => prepare({ kernel, fs, credentials }, { place, path, argv: request.argv.map(bytesOf), envp: request.env.map(bytesOf) }), (errno) =>
    (errno === ENOENT ? `${request.argv[0]}: its interpreter is not there` : kernel.execFailure ?? `${request.argv[0]}: ${errno.name}`));
  const pid = kernel.newPid();
  const session = new Session(pid);
  const group = new ProcessGroup(pid, session);
  kernel.groups.set(pid, group);
  const process = new Process(pid, group, new SignalActions(), kernel.monotonicNs());
  confine(process, kernel.confinement);
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
  kernel.scheduler.admit(task);
  return task;
}

function confine(process: Process, { limits, oomScoreAdj }: Confinement): void {
  for (const [name, limit] of Object.entries(limits)) process.limits[resources[name as keyof typeof resources]] = { ...limit };
  process.oomScoreAdj = oomScoreAdj;
}

function orStartError<T>(act: () => T, message: (errno: Errno) => string): T {
  try { return act(); } catch (error) { if (error instanceof Errno) throw new StartError(error, message(error)); throw error; }
}

const existingDirectory: FindDirectory = (fs, _credentials, cwd) =>
  orStartError(() => directoryAt(fs, bytesOf(cwd)), (errno) => `chdir to cwd ("${cwd}") set in config.json failed: ${errnoMessage(errno.code).toLowerCase()}`);

/** Throws Errno. */
function directoryAt(fs: FsContext, path: string): Place {
  const place = find(fs.walkContext(Credentials.of(0, 0)), fs.root, path);
  if ((place.inode.mode & S_IFMT) !== S_IFDIR) throw ENOTDIR;
  return place;
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

/** A name with a slash is a path; others are looked for along PATH of the process's environment, where what cannot be run is passed over. */
function findProgram(fs: FsContext, credentials: Credentials, { argv, env }: ProcessRequest): [Place, string] {
  const name = bytesOf(argv[0] ?? '');
  const context = fs.walkContext(credentials);
  const tryPath = (path: string): Place => {
    const place = find(context, fs.cwd, path);
    operations.demandExecutable(place, credentials.forFiles);
    return place;
  };
  if (name.includes('/')) return [orStartError(() => tryPath(name), (errno) => `${argv[0]}: ${errnoMessage(errno.code).toLowerCase()}`), name];
  const search = env.find((word) => word.startsWith('PATH='))?.slice(5) ?? SEARCH_PATH;
  for (const directory of name === '' ? [] : bytesOf(search).split(':')) {
    const path = `${directory === '' ? '.' : directory}/${name}`;
    try { return [tryPath(path), path]; } catch (error) { if (!(error instanceof Errno)) throw error; }
  }
  throw new StartError(ENOENT, `${argv[0]}: executable file not found in $PATH`);
}
