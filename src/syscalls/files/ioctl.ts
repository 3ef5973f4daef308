// ioctl(2): requests as rows by number, each for one kind of file. Terminals: tty_ioctl(4), ioctl_tty(2).
import { EINVAL, EIO, ENOTTY, EOPNOTSUPP, EPERM, O_ASYNC, O_CLOEXEC, O_NONBLOCK, O_ACCMODE, S_IFREG, isType, termios2Layout, termiosLayout, ttyIoctls, winsizeLayout } from '../../abi/index.ts';
import type { Wait } from '../../base/index.ts';
import { Description, EpollFile, PtyMaster, TtyFile, decodeTermios, encodeTermios, Socket } from '../../linux/index.ts';
import type { Pty, Task, Tty } from '../../linux/index.ts';
import { Fd, Ptr, oneOf } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';
import { isAdministrator } from './at.ts';
import { interfaceIoctl } from './interface-ioctl.ts';
import { checkChange, foregroundOf, giveUpTerminal, setControllingTerminal, setForeground } from './job-control.ts';

/** What a request works on. */
interface Request<T> { task: Task; fd: number; description: Description; on: T; argument: number }
type Result = number | Wait;

const T = ttyIoctls;

const getTermios = ({ task, on, argument }: Request<Tty>, speeds: boolean): number => {
  const coded = encodeTermios(on.termios, speeds);
  task.memory.writable(argument, coded.length).set(coded);
  return 0;
};

/** TCSETS and its kin; `flush`: typed input is forgotten first. */
const setTermios = ({ task, on, argument }: Request<Tty>, speeds: boolean, flush: boolean): Result => {
  const wait = checkChange(task, on);
  if (wait) return wait;
  const size = speeds ? termios2Layout.size : termiosLayout.size;
  const termios = decodeTermios(task.memory.readable(argument, size), on.termios, speeds);
  if (flush) on.discipline.flushInput();
  on.configure(termios);
  return 0;
};

const setSize = ({ task, on, argument }: Request<Tty>): number => {
  const size = winsizeLayout.decode(task.memory.readable(argument, winsizeLayout.size));
  on.resize({ rows: size.ws_row, columns: size.ws_col, xpixel: size.ws_xpixel, ypixel: size.ws_ypixel });
  return 0;
};

const getSize = ({ task, on, argument }: Request<Tty>): number => {
  const { rows, columns, xpixel, ypixel } = on.size;
  task.memory.writable(argument, winsizeLayout.size).set(winsizeLayout.encode({ ws_row: rows, ws_col: columns, ws_xpixel: xpixel, ws_ypixel: ypixel }));
  return 0;
};

const storeInt = (task: Task, ptr: number, value: number): number => {
  task.memory.writeU32(ptr, value >>> 0);
  return 0;
};

/** TCFLSH: 0 input, 1 output, 2 both. */
const flush = ({ task, on, argument }: Request<Tty>): Result => {
  if (argument > 2) throw EINVAL;
  const wait = checkChange(task, on);
  if (wait) return wait;
  if (argument !== 1) on.discipline.flushInput();
  return 0;
};

/** TCXONC: 0 stops output, 1 starts it; 2 and 3 would tell the other side. */
const flow = ({ task, on, argument }: Request<Tty>): Result => {
  if (argument > 3) throw EINVAL;
  const wait = checkChange(task, on);
  if (wait) return wait;
  if (argument <= 1) on.discipline.setStopped(argument === 0);
  return 0;
};

/** Pushes back a byte as if typed. */
const simulate = ({ task, on, argument }: Request<Tty>): number => {
  if (task.process.session.tty !== on && !isAdministrator(task)) throw EPERM;
  on.receive(task.memory.readable(argument, 1).slice());
  return 0;
};

const sessionOf = ({ task, on, argument }: Request<Tty>): number => {
  if (task.process.session.tty !== on || !on.session) throw ENOTTY;
  return storeInt(task, argument, on.session.id);
};

/** Requests that both sides of a pty, and the console, know. */
const ttyRows: Record<number, (request: Request<Tty>) => Result> = {
  [T.TCGETS]: (r) => getTermios(r, false),
  [T.TCSETS]: (r) => setTermios(r, false, false),
  [T.TCSETSW]: (r) => setTermios(r, false, false),
  [T.TCSETSF]: (r) => setTermios(r, false, true),
  [T.TCGETS2]: (r) => getTermios(r, true),
  [T.TCSETS2]: (r) => setTermios(r, true, false),
  [T.TCSETSW2]: (r) => setTermios(r, true, false),
  [T.TCSETSF2]: (r) => setTermios(r, true, true),
  [T.TIOCGWINSZ]: getSize,
  [T.TIOCSWINSZ]: setSize,
  [T.TCFLSH]: flush,
  [T.TCXONC]: flow,
  [T.TCSBRK]: () => 0,
  [T.TCSBRKP]: () => 0,
  [T.TIOCSTI]: simulate,
  [T.TIOCEXCL]: ({ on }) => { on.exclusive = true; return 0; },
  [T.TIOCNXCL]: ({ on }) => { on.exclusive = false; return 0; },
  [T.TIOCGETD]: ({ task, argument }) => storeInt(task, argument, 0),
  [T.TIOCSETD]: ({ task, argument }) => { if (task.memory.readI32(argument) !== 0) throw EINVAL; return 0; },
  [T.TIOCOUTQ]: ({ task, argument }) => storeInt(task, argument, 0),
};

/** Requests of the side where programs run. */
const slaveRows: Record<number, (request: Request<Tty>) => Result> = {
  [T.TIOCSCTTY]: ({ task, on, argument }) => { setControllingTerminal(task, on, argument === 1); return 0; },
  [T.TIOCNOTTY]: ({ task, on }) => { giveUpTerminal(task, on); return 0; },
  [T.TIOCGPGRP]: ({ task, on, argument }) => storeInt(task, argument, foregroundOf(task, on)),
  [T.TIOCSPGRP]: ({ task, on, argument }) => setForeground(task, on, task.memory.readI32(argument)),
  [T.TIOCGSID]: sessionOf,
};

const openPeer = ({ task, on, argument }: Request<Pty>): number => {
  const node = task.kernel.files.ptys.nodeOf?.(on.index);
  if (!node) throw EIO;
  const description = new Description(new TtyFile(on.tty, node.inode), argument & (O_ACCMODE | O_NONBLOCK), node);
  return task.files.add(description, (argument & O_CLOEXEC) !== 0);
};

/** Requests of a pty master. */
const masterRows: Record<number, (request: Request<Pty>) => Result> = {
  [T.TIOCGPTN]: ({ task, on, argument }) => storeInt(task, argument, on.index),
  [T.TIOCSPTLCK]: ({ task, on, argument }) => { on.locked = task.memory.readI32(argument) !== 0; return 0; },
  [T.TIOCGPTLCK]: ({ task, on, argument }) => storeInt(task, argument, on.locked ? 1 : 0),
  [T.TIOCGPTPEER]: openPeer,
  [T.TIOCGPGRP]: ({ task, on, argument }) => storeInt(task, argument, on.tty.foreground),
  [T.TIOCGSID]: ({ task, on, argument }) => { if (!on.tty.session) throw ENOTTY; return storeInt(task, argument, on.tty.session.id); },
};

/** FIONREAD. */
function available({ task, description, argument }: Request<undefined>): number {
  const { file, inode } = description;
  const counted = (file as { available?: () => number }).available;
  if (counted) return storeInt(task, argument, counted.call(file));
  if (!isType(inode.mode, S_IFREG) || file instanceof EpollFile) throw ENOTTY;
  return storeInt(task, argument, Math.max(0, inode.stat().size - description.position));
}

const statusFlag = (bit: number) => ({ task, description, argument }: Request<undefined>): number => {
  description.flags = task.memory.readI32(argument) !== 0 ? description.flags | bit : description.flags & ~bit;
  return 0;
};

/** FICLONE, FICLONERANGE, FIDEDUPERANGE (ioctl_ficlone(2), ioctl_fideduperange(2)): files that share content are this file system's own business. */
const CLONES = new Set([0x4004_9409, 0x4020_940d, 0xc018_9436]);

/** Requests that every file knows. */
const anyRows: Record<number, (request: Request<undefined>) => Result> = {
  [T.FIOCLEX]: ({ task, fd }) => { task.files.setCloseOnExec(fd, true); return 0; },
  [T.FIONCLEX]: ({ task, fd }) => { task.files.setCloseOnExec(fd, false); return 0; },
  [T.FIONBIO]: statusFlag(O_NONBLOCK),
  [T.FIOASYNC]: statusFlag(O_ASYNC),
  [T.FIONREAD]: available,
};

/** ioctl(2): ENOTTY for a request that this kind of file does not know. */
export function ioctl(task: Task, fd: number, request: number, argument: number): Result {
  const description = task.files.get(fd);
  const { file } = description;
  const call = { task, fd, description, argument };
  const any = anyRows[request];
  if (any) return any({ ...call, on: undefined });
  const answered = file instanceof Socket ? interfaceIoctl(task, request, argument) : undefined;
  if (answered !== undefined) return answered;
  if (file instanceof TtyFile) {
    if (file.tty.hungUp) throw EIO;
    const row = ttyRows[request] ?? slaveRows[request];
    if (row) return row({ ...call, on: file.tty });
  }
  if (file instanceof PtyMaster) {
    const master = masterRows[request];
    if (master) return master({ ...call, on: file.pty });
    const row = ttyRows[request];
    if (row) return row({ ...call, on: file.pty.tty });
  }
  if (CLONES.has(request) && isType(description.inode.mode, S_IFREG)) throw EOPNOTSUPP;
  throw ENOTTY;
}

const names: Record<string, number> = { ...ttyIoctls };

export const ioctlCalls: readonly SyscallRow[] = [
  sys(16, 'ioctl', [Fd, { ...oneOf(names), decode: (task, n) => Number(task.registers.gpr(n) & 0xffff_ffffn) }, Ptr], ioctl),
];

