// The container's terminal: /dev/pts/0, joined to the host's real one.
import { O_RDWR, makedev } from '../../abi/index.ts';
import { assert } from '../../base/index.ts';
import type { Tty as HostTty } from '../../host/ports.ts';
import { walk } from '../../vfs/index.ts';
import type { WalkContext } from '../../vfs/index.ts';
import { Description } from '../files/description.ts';
import type { Kernel } from '../kernel.ts';
import { PTS_MAJOR } from './pty.ts';
import { Tty, TtyFile } from './tty.ts';

/** Makes the console of a kernel over a host terminal. Before /dev is mounted. */
export function attachConsole(kernel: Kernel, host: HostTty): Tty {
  const tty = new Tty(makedev(PTS_MAJOR, 0), { write: (bytes) => host.write(bytes) }, kernel);
  const measure = (): void => {
    const { rows, columns } = host.size();
    tty.resize({ rows, columns, xpixel: 0, ypixel: 0 });
  };
  measure();
  host.onResize(measure);
  host.input((bytes) => tty.receive(bytes));
  kernel.files.console = tty;
  return tty;
}

/** Descriptions of the console for descriptors 0, 1 and 2 (one description, as a login would leave it). After /dev is mounted. */
export function consoleDescription(context: WalkContext, tty: Tty): Description {
  const { place } = walk(context, context.root, '/dev/pts/0');
  assert(place, '/dev is mounted before the console is opened');
  return new Description(new TtyFile(tty, place.inode), O_RDWR, place);
}
