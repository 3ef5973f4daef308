// `--init`: a first process that runs no program. It passes signals on to the container's program, takes orphans over and forgets them when they have ended, and ends with the program. As docker-init (tini) does.
import { SIG_IGN, SIGCHLD } from '../abi/index.ts';
import { AddressSpace, Credentials, FsContext, type Kernel, Process, ProcessGroup, Session, SignalActions, Task } from '../linux/index.ts';
import type { MountTable, Place } from '../vfs/index.ts';

const PROGRAM = '/sbin/docker-init';

/** Makes process 1. Its program is told by `adopt`. */
export function spawnInitProcess(kernel: Kernel, mounts: MountTable, argv: readonly string[]): Process {
  const pid = kernel.newPid();
  const group = new ProcessGroup(pid, new Session(pid));
  const actions = new SignalActions();
  actions.set(SIGCHLD, { handler: SIG_IGN, flags: 0, restorer: 0, mask: 0n });
  const process = new Process(pid, group, actions, kernel.monotonicNs());
  const root: Place = { mount: mounts.root, inode: mounts.root.root };
  const space = new AddressSpace(kernel.cpu.createSpace(), kernel.placements);
  space.users = 1;
  const task = new Task(pid, process, kernel, space, kernel.files.newTable(0), new FsContext(mounts, root, root), Credentials.of(0, 0));
  task.name = 'docker-init';
  task.state = 'blocked';
  process.leader = task;
  process.tasks.add(task);
  process.hasExeced = true;
  process.commandLine = new TextEncoder().encode([PROGRAM, '--', ...argv].map((word) => `${word}\0`).join(''));
  kernel.groups.set(pid, group);
  kernel.tasks.set(pid, task);
  kernel.processes.set(pid, process);
  return process;
}

/** The program is the init process's child: it gets its signals, and its end is the container's. */
export function adopt(init: Process, program: Process): void {
  program.parent = init;
  init.children.add(program);
  init.standsFor = program;
}
