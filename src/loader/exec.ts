// execve: from a path and arguments to a new program in the task. execve(2).
import { EACCES, ELOOP, ENOEXEC, ENOMEM, ETXTBSY, S_ISGID, S_ISUID } from '../abi/index.ts';
import { RSP } from '../guest/index.ts';
import { AddressSpace, resetFloatingPoint, replaceProgram } from '../linux/index.ts';
import type { Credentials, Executable, Kernel, MappedFile, Task } from '../linux/index.ts';
import { find, operations, pathOf } from '../vfs/index.ts';
import type { Place } from '../vfs/index.ts';
import { writeInitialStack } from './initial-stack.ts';
import { BadProgram, interpreterPath, mapProgram, openProgram, readAt } from './load.ts';
import type { Placed, Program } from './load.ts';
import { interpreterOf, scriptArguments } from './script.ts';

/** Strings are latin1: one char a byte. */
export interface ExecRequest {
  /** What was found at `path`. */
  place: Place;
  path: string;
  argv: readonly string[];
  envp: readonly string[];
}

const MAX_SCRIPTS = 5;
const O_RDONLY = 0;

/** Who executes: what paths, permissions and the new memory depend on. */
export type ExecContext = Pick<Task, 'kernel' | 'fs' | 'credentials'>;

/** A program in its own address space, ready to run: registers are set. */
export interface Prepared { space: AddressSpace; credentials: Credentials; executable: Executable }

/** execve(2): replaces the program of `task`. Until everything is loaded the old one stays, and an Errno is thrown. */
export function exec(task: Task, request: ExecRequest): void {
  const { space, credentials, executable } = prepare(task, request);
  replaceProgram(task, space, credentials, executable);
}

/** Loads a program. Throws an Errno; the reason of an ENOEXEC is in kernel.execFailure and goes to the trace category `exec`. */
export function prepare(context: ExecContext, request: ExecRequest): Prepared {
  try {
    return prepareProgram(context, request, request.path, 0);
  } catch (error) {
    if (!(error instanceof BadProgram)) throw error;
    context.kernel.execFailure = `${request.path}: ${error.reason}`;
    context.kernel.trace.say('exec', () => context.kernel.execFailure!);
    throw ENOEXEC;
  }
}

/** `filename` is what was asked for first: a script keeps its own name. */
function prepareProgram(context: ExecContext, request: ExecRequest, filename: string, depth: number): Prepared {
  const mapped = openExecutable(context, request.place);
  const head = readAt(mapped)(0, 257);
  const interpreter = interpreterOf(String.fromCharCode(...head));
  if (interpreter === 'bad') throw new BadProgram('`#!` line without an interpreter');
  if (interpreter) {
    if (depth >= MAX_SCRIPTS) throw ELOOP;
    const place = find(context.fs.walkContext(context.credentials), context.fs.cwd, interpreter.path);
    return prepareProgram(context, { place, path: interpreter.path, argv: scriptArguments(interpreter, request.path, request.argv), envp: request.envp }, filename, depth + 1);
  }
  return build(context, { ...request, path: filename }, openProgram(mapped));
}

function openExecutable({ credentials, fs, kernel }: ExecContext, place: Place): MappedFile {
  operations.demandExecutable(place, credentials.forFiles);
  if (kernel.isBeingWritten(place.inode)) throw ETXTBSY;
  const file = place.inode.open?.(O_RDONLY);
  if (!file) throw EACCES;
  return { file, path: pathOf(fs.root, place), writable: false };
}

/** Builds the new address space. */
function build(context: ExecContext, request: ExecRequest, program: Program): Prepared {
  const { kernel } = context;
  const interpreter = openInterpreter(context, program);
  const space = newSpace(kernel, program);
  try {
    const credentials = newCredentials(context, request.place);
    const placed = mapProgram(space, program, 'program');
    const loader = interpreter && mapProgram(space, interpreter, 'interpreter');
    space.startBrk(placed.end);
    const rsp = writeInitialStack(space, space.mapStack(), stackRequest(context, request, program, placed, loader, credentials));
    space.cpu.state.bytes.fill(0);
    resetFloatingPoint(space.cpu.state);
    space.cpu.state.rflags = 0;
    space.cpu.state.pc = (loader ?? placed).entry;
    space.cpu.state.setGpr(RSP, BigInt(rsp));
    const name = request.path.slice(request.path.lastIndexOf('/') + 1);
    return { space, credentials, executable: { name, path: pathOf(context.fs.root, request.place), inode: request.place.inode, place: request.place } };
  } catch (error) {
    kernel.defer(() => { space.release(); });
    throw error;
  }
}

/** Throws ENOMEM when the host has no memory left. */
function newSpace(kernel: Kernel, { mapped }: Program): AddressSpace {
  try {
    return new AddressSpace(kernel.cpu.createSpace(mapped.file.inode.identity?.()), kernel.placements);
  } catch (error) {
    if (error instanceof RangeError) throw ENOMEM;
    throw error;
  }
}

function openInterpreter(context: ExecContext, program: Program): Program | undefined {
  const path = interpreterPath(program);
  if (path === undefined) return undefined;
  const place = find(context.fs.walkContext(context.credentials), context.fs.root, path);
  return openProgram(openExecutable(context, place));
}

/** Set-user-ID and set-group-ID programs change the effective ids, unless the mount or the task forbids it. */
function newCredentials(context: ExecContext, place: Place): Credentials {
  const credentials = context.credentials.copy();
  const { mode } = place.inode;
  if (!place.mount.options.nosuid && !credentials.noNewPrivs && mode & (S_ISUID | S_ISGID)) {
    const { uid, gid } = place.inode.stat();
    if (mode & S_ISUID) credentials.euid = credentials.fsuid = uid;
    if (mode & S_ISGID && mode & 0o010) credentials.egid = credentials.fsgid = gid;
  }
  credentials.afterExec();
  return credentials;
}

function stackRequest({ kernel }: ExecContext, request: ExecRequest, program: Program, placed: Placed, loader: Placed | undefined, who: Credentials): Parameters<typeof writeInitialStack>[2] {
  const random = new Uint8Array(16);
  kernel.host.random.fill(random);
  return {
    argv: request.argv, envp: request.envp, path: request.path, random,
    aux: {
      AT_PHDR: placed.headersPtr, AT_PHENT: 56, AT_PHNUM: program.elf.headerCount, AT_BASE: loader?.base ?? 0, AT_ENTRY: placed.entry,
      AT_UID: who.uid, AT_EUID: who.euid, AT_GID: who.gid, AT_EGID: who.egid, AT_SECURE: who.uid !== who.euid || who.gid !== who.egid ? 1 : 0,
    },
  };
}
