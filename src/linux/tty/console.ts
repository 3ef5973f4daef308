// Terminals of the container that are joined to one of the host: the first process's (/dev/pts/0), and those of processes that are run beside it.
import { O_RDWR, makedev } from '../../abi/index.ts';
import { assert } from '../../base/index.ts';
import type { Tty as HostTty } from '../../host/ports.ts';
import { walk } from '../../vfs/index.ts';
import type { WalkContext } from '../../vfs/index.ts';
import { Description } from '../files/description.ts';
import { Inflow, Outflow } from '../files/flow.ts';
import type { Kernel } from '../kernel.ts';
import { PTS_MAJOR } from './pty.ts';
import { anonymousInode } from '../files/anonymous.ts';
import { Tty, TtyFile } from './tty.ts';

/** The group that terminals belong to. */
const TTY_GROUP = 5;

/** Makes the console of a kernel over a host terminal. Before /dev is mounted. */
export function attachConsole(kernel: Kernel, host: HostTty): Tty {
  const out = new Outflow((bytes) => host.write(bytes), () => tty.changed.wake());
  const tty: Tty = new Tty(makedev(PTS_MAJOR, 0), { write: (bytes) => out.give(bytes), room: () => (out.full ? 0 : Infinity) }, kernel);
  const measure = (): void => {
    const { rows, columns } = host.size();
    tty.resize({ rows, columns, xpixel: 0, ypixel: 0 });
  };
  measure();
  host.onResize(measure);
  takeInput(tty, host);
  kernel.files.console = tty;
  kernel.files.ptys.first = 1;
  return tty;
}

/** What is typed waits while the terminal's queue is full. */
function takeInput(tty: Tty, host: HostTty): void {
  const typed = new Inflow(tty.changed, () => tty.discipline.room, (bytes) => tty.receive(bytes));
  host.input((bytes) => typed.bring(bytes));
}

/** Descriptions of the console for descriptors 0, 1 and 2 (one description, as a login would leave it). After /dev is mounted. */
export function consoleDescription(context: WalkContext, tty: Tty): Description {
  const { place } = walk(context, context.root, '/dev/pts/0');
  assert(place, '/dev is mounted before the console is opened');
  return new Description(new TtyFile(tty, place.inode), O_RDWR, place);
}

/** A new pseudo-terminal whose other side is the host's: a description of it, and how to take the host's side away. */
export function joinTerminal(kernel: Kernel, host: HostTty, uid: number): { readonly tty: Tty; readonly description: Description; close(): void } {
  const { ptys } = kernel.files;
  // Nobody has a descriptor of the host's side, so its inode does not matter.
  const master = ptys.open(anonymousInode('pipe'), { uid, gid: TTY_GROUP });
  const { pty } = master;
  pty.locked = false;
  const measure = (): void => {
    const { rows, columns } = host.size();
    pty.tty.resize({ rows, columns, xpixel: 0, ypixel: 0 });
  };
  const show = (): void => {
    for (let length = pty.output.length; length > 0 && !out.full; length = pty.output.length) {
      const bytes = new Uint8Array(length);
      master.read(bytes, 0, true);
      out.give(bytes);
    }
  };
  const out = new Outflow((bytes) => host.write(bytes), show);
  const close = (): void => {
    out.full = false;
    show();
    pty.masterChanged.remove(show);
    master.close();
  };
  measure();
  host.onResize(measure);
  takeInput(pty.tty, host);
  pty.masterChanged.add(show);
  const place = ptys.nodeOf?.(pty.index);
  assert(place, '/dev/pts is mounted before a terminal is opened');
  return { tty: pty.tty, description: new Description(new TtyFile(pty.tty, place.inode), O_RDWR, place), close };
}
