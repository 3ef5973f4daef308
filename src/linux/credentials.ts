// Who a task is: user and group ids, supplementary groups, capabilities. credentials(7), capabilities(7).
import { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_MKNOD, CAP_SETGID, CAP_SETUID } from '../abi/index.ts';
import type { Credentials as FileCredentials } from '../vfs/index.ts';

/** The capabilities Docker gives a container's root by default, as a bit set. */
export const DOCKER_CAPABILITIES = 0xa80425fbn;

/** The capabilities that go with the fsuid (capabilities(7)). */
const FILE_CAPABILITIES = [CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD].reduce((set, n) => set | 1n << BigInt(n), 0n);

export class Credentials {
  uid = 0; euid = 0; suid = 0; fsuid = 0;
  gid = 0; egid = 0; sgid = 0; fsgid = 0;
  groups: readonly number[] = [];
  /** Capability sets, one bit a capability. */
  permitted = 0n; effective = 0n; inheritable = 0n; bounding = DOCKER_CAPABILITIES; ambient = 0n;
  noNewPrivs = false;
  keepCaps = false;

  /** The credentials of a process from outside; root gets all capabilities that the container may have. */
  static of(uid: number, gid: number, groups: readonly number[] = [], { capabilities = DOCKER_CAPABILITIES, noNewPrivs = false } = {}): Credentials {
    const c = new Credentials();
    c.setAllUids(uid);
    c.gid = c.egid = c.sgid = c.fsgid = gid;
    c.groups = [...groups];
    c.bounding = capabilities;
    c.noNewPrivs = noNewPrivs;
    if (uid === 0) c.permitted = c.effective = capabilities;
    return c;
  }

  copy(): Credentials { return Object.assign(new Credentials(), this, { groups: [...this.groups] }); }

  #forFiles: FileCredentials | undefined;
  #forEffective = -1n;

  /** What permission checks of the file system look at: the fsuid, the fsgid, the groups and the effective capabilities. The same object while they are the same. */
  get forFiles(): FileCredentials {
    const known = this.#forFiles;
    if (known && known.uid === this.fsuid && known.gid === this.fsgid && known.groups === this.groups && this.#forEffective === this.effective) return known;
    this.#forEffective = this.effective;
    return this.#forFiles = { uid: this.fsuid, gid: this.fsgid, groups: this.groups, capabilities: Number(this.effective & 0xffff_ffffn) };
  }

  /** Whether access(2), which asks for the real ids, asks for the same rights as other calls. */
  get actsAsReal(): boolean { return this.fsuid === this.uid && this.fsgid === this.gid && this.effective === (this.uid === 0 ? this.permitted : 0n); }

  has(capability: number): boolean { return (this.effective >> BigInt(capability) & 1n) === 1n; }
  get maySetUid(): boolean { return this.has(CAP_SETUID); }
  get maySetGid(): boolean { return this.has(CAP_SETGID); }

  /** kill(2): whether this task may send signals to a process with the credentials `target`. */
  maySignal(target: Credentials): boolean {
    return this.has(CAP_KILL) || [this.uid, this.euid].some((id) => id === target.uid || id === target.suid);
  }

  setAllUids(uid: number): void { this.uid = this.euid = this.suid = this.fsuid = uid; }

  /** Sets the three user ids, and what follows from them: fsuid, and the capabilities lost or regained (capabilities(7), "Effect of user ID changes"). */
  setUids(uid: number, euid: number, suid: number): void {
    const hadRoot = this.uid === 0 || this.euid === 0 || this.suid === 0;
    const wasRoot = this.euid === 0;
    this.uid = uid; this.euid = this.fsuid = euid; this.suid = suid;
    if (hadRoot && uid !== 0 && euid !== 0 && suid !== 0) {
      if (!this.keepCaps) this.permitted = 0n;
      this.ambient = 0n;
    }
    if (wasRoot && euid !== 0) this.effective = 0n;
    else if (!wasRoot && euid === 0) this.effective = this.permitted;
    this.effective &= this.permitted;
  }

  /** setfsuid(2): the capabilities about files go when it leaves 0, and come back with it. */
  setFsUid(fsuid: number): void {
    if (this.fsuid === 0 && fsuid !== 0) this.effective &= ~FILE_CAPABILITIES;
    else if (this.fsuid !== 0 && fsuid === 0) this.effective |= this.permitted & FILE_CAPABILITIES;
    this.fsuid = fsuid;
  }

  setGids(gid: number, egid: number, sgid: number): void {
    this.gid = gid; this.egid = this.fsgid = egid; this.sgid = sgid;
  }

  /** What execve of a plain file does: root regains its capabilities, others keep only the ambient ones; keepCaps is cleared. */
  afterExec(): void {
    this.suid = this.euid; this.sgid = this.egid;
    this.keepCaps = false;
    const root = this.uid === 0 || this.euid === 0;
    this.permitted = root ? this.bounding | this.inheritable : this.ambient;
    this.effective = this.euid === 0 ? this.permitted : this.ambient;
  }
}
