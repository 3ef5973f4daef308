// Descriptors of processes: readable once the process has ended. pidfd_open(2).
import { POLLHUP, POLLIN } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import type { WaitQueue } from '../../base/index.ts';
import type { Process } from '../task.ts';
import { anonymousInode } from './anonymous.ts';

export class PidFile implements OpenFile {
  readonly inode = anonymousInode('pidfd');
  readonly stream = true;
  readonly process: Process;
  constructor(process: Process) { this.process = process; }

  get changed(): WaitQueue { return this.process.ended; }
  /** A zombie makes it readable; one that was waited for hangs it up too. */
  poll(): number {
    if (!this.process.zombie) return 0;
    return this.process.leader.kernel.processes.get(this.process.pid) === this.process ? POLLIN : POLLIN | POLLHUP;
  }
}
