// An overlay that is kept: content in blocks of a data file, everything else in a journal. A transaction is what changed since the last one; its blocks are on the disk before the record that tells of them.
import { Errno } from '../../abi/index.ts';
import type { Loop } from '../../host/ports.ts';
import { type BlockStore, type Change, changesOf, errnoOf, type FsStat, type LowerTree, type Name, OverlayFs, type TmpFsOptions, type TmpInode } from '../../vfs/index.ts';
import { LayerError } from '../errors.ts';
import { replay, type SavedInode, stateOf, type Transaction } from './inode-state.ts';
import type { LayerJournal } from './journal.ts';

/** After a first change a transaction is committed after this time, when the loop has its turn; later when commits take long, so that the disk takes no more than a tenth of a program's time. */
const COMMIT_NS = 5_000_000_000n;
const COMMIT_SHARE = 10n;
/** The journal is written anew when so many bytes of it say what no longer counts, and twice as many as say what does. */
const WASTE = 1 << 20;
/** So much free room at the end of the data goes back to the host, in blocks. */
const WORTH_TRIMMING = 256;
/** Inodes in one record of a journal that is written anew. */
const BATCH = 1000;

export interface DiskParts {
  readonly store: BlockStore;
  readonly journal: LayerJournal;
  readonly saved: Map<number, SavedInode>;
  /** How many states of inodes the journal holds, those of the same inode included. */
  readonly states: number;
  /** For commits without a sync; absent: there are none. */
  readonly loop?: Loop | undefined;
  /** What the host has left, in bytes; undefined: it does not tell. */
  readonly room: () => number | undefined;
  /** Nothing is written: the layer is as it was when it was opened. */
  readonly readonly: boolean;
}

/** The number that no inode has. */
const nextIno = (lower: LowerTree, saved: ReadonlyMap<number, SavedInode>): number => {
  let next = lower.count + 1;
  for (const ino of saved.keys()) next = Math.max(next, ino + 1);
  return next;
};

export class DiskOverlay extends OverlayFs {
  readonly readonly: boolean;
  readonly #journal: LayerJournal;
  readonly #loop: Loop | undefined;
  readonly #room: () => number | undefined;
  /** Inodes the journal speaks of. */
  readonly #known = new Map<number, TmpInode>();
  /** Inodes that changed since the last commit, and the names that changed in directories. */
  readonly #dirty = new Map<TmpInode, Set<Name>>();
  /** Inodes of the lower tree that were changed before it was opened. */
  readonly #unplaced = new Set<number>();
  #states: number;
  #cancel: (() => void) | undefined;
  #pauseNs = COMMIT_NS;
  #failure: Errno | undefined;

  constructor(lower: LowerTree, options: TmpFsOptions, { store, journal, saved, states, loop, room, readonly }: DiskParts) {
    super(lower, { ...options, store, firstIno: nextIno(lower, saved) });
    this.#journal = journal;
    this.#loop = loop;
    this.#room = room;
    this.readonly = readonly;
    this.#states = states;
    store.commit = () => this.sync();
    for (const [ino, state] of saved) this.#restore(ino, state);
    for (const [ino, state] of saved) this.#restoreNames(this.#known.get(ino)!, state);
  }

  #restore(ino: number, saved: SavedInode): void {
    const { mode, uid, gid, nlink, rdev, mtimeNs, target } = saved;
    const inode = this.isLower(ino) ? this.lowerInode(ino) : this.adopt({ ino, mode, uid, gid, nlink, rdev, mtimeNs, ...(target !== undefined && { target }) });
    inode.mode = mode;
    inode.uid = uid;
    inode.gid = gid;
    inode.nlink = nlink;
    inode.atimeNs = saved.atimeNs;
    inode.mtimeNs = mtimeNs;
    inode.ctimeNs = saved.ctimeNs;
    inode.restoreXattrs(saved.xattrs);
    inode.data?.restore(saved.data);
    this.#known.set(ino, inode);
    if (this.isLower(ino)) this.#unplaced.add(ino);
  }

  #restoreNames(directory: TmpInode, saved: SavedInode): void {
    for (const [name, ino] of saved.names) {
      if (ino === 0) directory.entries!.delete(name);
      else directory.place(name, this.#saved(ino));
    }
  }

  #saved(ino: number): TmpInode {
    const inode = this.#known.get(ino) ?? (this.isLower(ino) ? this.lowerInode(ino) : undefined);
    if (!inode) throw new LayerError('damaged', `the container's layer is damaged: inode ${ino} has a name and no content`);
    return inode;
  }

  override changes(): Iterable<Change> { return changesOf(this.root, this.lower, this.#unplaced); }

  /** Free is what the host has free; the size is that and what is used. */
  override statfs(): FsStat {
    const stat = super.statfs();
    const room = this.#room();
    if (room === undefined) return stat;
    const blocksFree = Math.min(stat.blocksFree, Math.floor(room / stat.blockSize));
    return { ...stat, blocksFree, blocks: blocksFree + stat.blocks - stat.blocksFree };
  }

  override touched(inode: TmpInode): void { this.#namesOf(inode); }
  override named(directory: TmpInode, name: Name): void { this.#namesOf(directory).add(name); }

  #namesOf(inode: TmpInode): Set<Name> {
    const known = this.#dirty.get(inode);
    if (known) return known;
    const names = new Set<Name>();
    this.#dirty.set(inode, names);
    this.#cancel ??= this.#loop?.later(() => this.#commitLater(), this.#pauseNs);
    return names;
  }

  /** A commit that nobody waits for. What fails is tried again, or told at the next sync. */
  #commitLater(): void {
    this.#cancel = undefined;
    const start = this.now();
    try { this.sync(); } catch (error) { if (!(error instanceof Errno)) throw error; }
    const taken = (this.now() - start) * COMMIT_SHARE;
    this.#pauseNs = taken > COMMIT_NS ? taken : COMMIT_NS;
  }

  /** Commits everything that changed. Throws EIO, ENOSPC: then nothing that was durable is lost. */
  override sync(): void {
    if (this.#failure) throw this.#failure;
    if (this.#dirty.size === 0 || this.readonly) return;
    const transaction = this.#transaction();
    this.#finally(() => this.store.sync());
    if (this.#isWasteful() && this.#rewrite()) return;
    try { this.#journal.append(transaction); } catch (error) { throw errnoOf(error); }
    this.#finally(() => this.#journal.sync());
    this.#states += transaction.inodes.length;
    this.#settle();
  }

  #isWasteful(): boolean {
    const used = this.#journal.size * Math.min(1, this.#known.size / Math.max(1, this.#states));
    const waste = this.#journal.size - used;
    return waste > WASTE && waste > 2 * used;
  }

  /** What cannot be tried again: after a sync that failed nobody knows what the disk holds. */
  #finally(work: () => void): void {
    try { work(); } catch (error) {
      const errno = errnoOf(error);
      if (errno instanceof Errno) this.#failure = errno;
      throw errno;
    }
  }

  #transaction(): Transaction {
    const all = [...this.#dirty];
    return {
      inodes: all.filter(([inode]) => inode.nlink > 0).map(([inode, names]) => stateOf(inode, !this.#known.has(inode.ino), names)),
      gone: all.filter(([inode]) => inode.nlink === 0 && this.#known.has(inode.ino)).map(([inode]) => inode.ino),
    };
  }

  /** The transaction is durable. */
  #settle(): void {
    for (const inode of this.#dirty.keys()) {
      if (inode.nlink > 0) this.#known.set(inode.ino, inode);
      else this.#known.delete(inode.ino);
      inode.data?.settled();
    }
    this.#dirty.clear();
    this.store.committed();
    this.#trim(WORTH_TRIMMING);
  }

  /** What the host keeps more than it must does no harm. */
  #trim(least: number): void {
    try { this.store.trim(least); } catch (error) { if (!(error instanceof Errno)) throw error; }
  }

  /** Writes the journal anew with the state of now. When that fails it is as it was, or anew; either way the transaction can be added: false. */
  #rewrite(): boolean {
    const dirty = [...this.#dirty.keys()];
    const inodes = [...new Set([...this.#known.values(), ...dirty])].filter((inode) => inode.nlink > 0);
    try { this.#journal.rewrite(batches(inodes)); } catch (error) {
      if (!(errnoOf(error) instanceof Errno)) throw error;
      this.#states = this.#known.size;
      return false;
    }
    this.#states = inodes.length;
    this.#settle();
    return true;
  }

  override close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    try {
      this.sync();
      if (!this.readonly) this.#trim(1);
    } finally {
      this.store.close();
      this.#journal.close();
    }
  }
}

function* batches(inodes: readonly TmpInode[]): Generator<Transaction> {
  for (let at = 0; at < inodes.length; at += BATCH) yield { inodes: inodes.slice(at, at + BATCH).map((inode) => stateOf(inode, true, [])), gone: [] };
}
