// What tasks need of their descriptor table and of the places paths start from.
import type { Inode } from '../vfs/index.ts';

/** A descriptor table (fd-table.ts). Tasks made with CLONE_FILES share one object. */
export interface Files {
  /** The table of a forked child: the same open files. */
  copy(): Files;
  /** execve: closes what has FD_CLOEXEC. */
  closeOnExec(): void;
  /** The last task that used it has ended. */
  closeAll(): void;
}

/** Where paths start, and the umask. Tasks made with CLONE_FS share one object. */
export interface FsContext {
  root: Inode;
  cwd: Inode;
  umask: number;
}

export const copyFsContext = (fs: FsContext): FsContext => ({ ...fs });
