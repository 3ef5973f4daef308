// What all tasks of a kernel share about open files: FIFOs, locks, devices, pseudo-terminals, the console, names of sockets.
import { RLIMIT_NOFILE } from '../../abi/index.ts';
import { defaultLimits } from '../limits.ts';
import { Ptys } from '../tty/pty.ts';
import type { Tty, TtyKernel } from '../tty/tty.ts';
import { Devices } from './devices.ts';
import { FdTable } from './fd-table.ts';
import { InetPorts } from './inet-socket.ts';
import { Locks } from './locks.ts';
import { Fifos } from './pipe.ts';
import { UnixNames } from './unix-names.ts';

export class KernelFiles {
  readonly fifos = new Fifos();
  readonly locks = new Locks();
  readonly devices = new Devices();
  readonly unixNames = new UnixNames();
  readonly inetPorts = new InetPorts();
  readonly ptys: Ptys;
  /** The container's terminal, /dev/pts/0; absent without -t. */
  console: Tty | undefined;

  constructor(kernel: TtyKernel) { this.ptys = new Ptys(kernel); }

  /** The machine is over: sockets of the host are closed. */
  close(): void { this.inetPorts.network?.close(); }

  /** The descriptor table of a first process. */
  newTable(limit = Number(defaultLimits()[RLIMIT_NOFILE]!.soft)): FdTable {
    const table = new FdTable(limit);
    table.onClose = (description, closing) => this.locks.releaseRecords(description.inode, closing);
    return table;
  }
}
