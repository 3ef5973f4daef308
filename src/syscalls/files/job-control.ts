// Job control of terminals: which tasks may read and write one, and how one becomes the controlling terminal of a session. tty_ioctl(4), setpgid(2).
import { CAP_SYS_ADMIN, EINVAL, EIO, ENOTTY, EPERM, ESRCH, O_ACCMODE, O_NOCTTY, O_WRONLY, SIG_IGN, SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, lflag } from '../../abi/index.ts';
import { Wait } from '../../base/index.ts';
import { TtyFile, hasSignal, isOrphaned } from '../../linux/index.ts';
import type { Description, Task, Tty } from '../../linux/index.ts';

const isIgnoredOrBlocked = (task: Task, signal: number): boolean => hasSignal(task.mask, signal) || task.process.actions.get(signal).handler === SIG_IGN;

/** Whether the terminal controls the task's session and the task is not of the foreground group. */
const isBackground = (task: Task, tty: Tty): boolean =>
  task.process.session.tty === tty && tty.foreground > 0 && task.process.group.id !== tty.foreground;

/** Stops the task's whole group with `signal`; the call is tried again when it goes on. */
function stopGroup(task: Task, tty: Tty, signal: number): Wait {
  task.kernel.signalGroup(task.process.group.id, signal);
  return new Wait([tty.changed]);
}

/** A background task that reads: SIGTTIN, or EIO when that cannot stop it. undefined: go on. */
export function checkRead(task: Task, tty: Tty): Wait | undefined {
  if (!isBackground(task, tty)) return undefined;
  if (isIgnoredOrBlocked(task, SIGTTIN) || isOrphaned(task.process)) throw EIO;
  return stopGroup(task, tty, SIGTTIN);
}

/** A background task that changes the terminal: SIGTTOU, unless it ignores or blocks that. */
export function checkChange(task: Task, tty: Tty): Wait | undefined {
  if (!isBackground(task, tty) || isIgnoredOrBlocked(task, SIGTTOU)) return undefined;
  if (isOrphaned(task.process)) throw EIO;
  return stopGroup(task, tty, SIGTTOU);
}

/** A background task that writes: as checkChange, when the terminal has TOSTOP. */
export function checkWrite(task: Task, tty: Tty): Wait | undefined {
  return tty.termios.lflag & lflag.TOSTOP ? checkChange(task, tty) : undefined;
}

const isLeader = (task: Task): boolean => task.process.session.id === task.process.pid;

/** open(2) of a terminal by a session leader without one makes it the controlling terminal, unless O_NOCTTY. */
export function claimTerminal(task: Task, description: Description, flags: number): void {
  if (!(description.file instanceof TtyFile) || flags & O_NOCTTY || (flags & O_ACCMODE) === O_WRONLY) return;
  const { tty } = description.file;
  if (isLeader(task) && !task.process.session.tty && !tty.session) control(task, tty);
}

function control(task: Task, tty: Tty): void {
  const { session, group } = task.process;
  session.tty = tty;
  tty.session = session;
  tty.foreground = group.id;
}

/** TIOCSCTTY. `steal`: takes it from another session, which only the administrator may. */
export function setControllingTerminal(task: Task, tty: Tty, steal: boolean): void {
  const { session } = task.process;
  if (isLeader(task) && tty.session === session) return;
  if (!isLeader(task) || session.tty) throw EPERM;
  if (tty.session) {
    if (!steal || !task.credentials.has(CAP_SYS_ADMIN)) throw EPERM;
    tty.release();
  }
  control(task, tty);
}

/** TIOCNOTTY: the session has no terminal any more; when its leader gives it up, the foreground group is told. */
export function giveUpTerminal(task: Task, tty: Tty): void {
  if (task.process.session.tty !== tty) throw ENOTTY;
  if (!isLeader(task)) return;
  const { foreground } = tty;
  tty.release();
  if (foreground > 0) for (const signal of [SIGHUP, SIGCONT]) task.kernel.signalGroup(foreground, signal);
}

/** TIOCGPGRP: ENOTTY unless it is the task's controlling terminal. */
export function foregroundOf(task: Task, tty: Tty): number {
  if (task.process.session.tty !== tty) throw ENOTTY;
  return tty.foreground;
}

/** TIOCSPGRP: makes a process group of the same session the foreground one. */
export function setForeground(task: Task, tty: Tty, groupId: number): Wait | number {
  if (isBackground(task, tty) && isOrphaned(task.process) && !isIgnoredOrBlocked(task, SIGTTOU)) throw ENOTTY;
  const wait = checkChange(task, tty);
  if (wait) return wait;
  if (task.process.session.tty !== tty) throw ENOTTY;
  if (groupId < 0) throw EINVAL;
  const group = task.kernel.groups.get(groupId);
  if (!group || group.members.size === 0) throw ESRCH;
  if (group.session !== task.process.session) throw EPERM;
  tty.foreground = groupId;
  return 0;
}
