// Where a task's paths start.
import type { Credentials as FileCredentials, MountTable, Place } from '../vfs/index.ts';
import type { Credentials } from './credentials.ts';

/** Where paths start, and the umask. Tasks made with CLONE_FS share one object. */
export class FsContext {
  readonly mounts: MountTable;
  root: Place;
  cwd: Place;
  umask: number;
  constructor(mounts: MountTable, root: Place, cwd: Place, umask = 0o022) {
    this.mounts = mounts;
    this.root = root;
    this.cwd = cwd;
    this.umask = umask;
  }

  copy(): FsContext { return new FsContext(this.mounts, this.root, this.cwd, this.umask); }

  /** What a path walk by a task with these credentials needs. */
  walkContext(credentials: Credentials): { mounts: MountTable; root: Place; cwd: Place; credentials: FileCredentials } {
    return { mounts: this.mounts, root: this.root, cwd: this.cwd, credentials: credentials.forFiles };
  }
}
