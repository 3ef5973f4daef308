// The writable layer of a container, in memory or on disk.
import type { Folder, Loop } from '../../host/ports.ts';
import { BlockStore, type LowerTree, OverlayFs, type Places, type TmpFsOptions } from '../../vfs/index.ts';
import { LayerError } from '../errors.ts';
import { DataFile } from './data-file.ts';
import { DiskOverlay } from './disk-overlay.ts';
import { replay, type SavedInode, type Transaction } from './inode-state.ts';
import { LayerJournal } from './journal.ts';
import { SegmentedFile } from './segmented-file.ts';

/** Gone with the process: content lies in files of a new folder that is memory (memfs), or goes with the process. */
export interface MemoryPlace { readonly memory: () => Folder | Promise<Folder> }

/** Kept as `data` and `journal` in a folder of its own. */
export interface DiskPlace {
  readonly folder: Folder;
  readonly path: string;
  /** Names the lower tree and the numbering of its inodes: a layer is opened over the same one only. */
  readonly lower: string;
  /** As it was at its last commit, for one who is not its owner; nothing is written. */
  readonly readonly?: boolean;
  /** For commits every few seconds. */
  readonly loop?: Loop;
}

/** In bytes. */
const MEMORY_LIMIT = 4 * 2 ** 30, DISK_LIMIT = 2 ** 40;

/**
 * A lower tree under its writable layer; a layer on disk is made when there is none. `sync` commits, `close` commits and closes.
 * Throws LayerError (damaged, other-version, other-image), and what the host throws.
 */
export function openWritable(lower: LowerTree, place: MemoryPlace | DiskPlace, options: TmpFsOptions): OverlayFs {
  if ('memory' in place) return new OverlayFs(lower, { ...options, store: new BlockStore(new SegmentedFile(place.memory), options.limit ?? MEMORY_LIMIT) });
  return openDisk(lower, place, options);
}

function openDisk(lower: LowerTree, { folder, path, lower: name, readonly = false, loop }: DiskPlace, options: TmpFsOptions): OverlayFs {
  const { journal, records } = LayerJournal.open(folder, `${path}/journal`, name);
  const transactions = records as readonly Transaction[];
  const saved = replay(transactions);
  const store = new BlockStore(new DataFile(folder, `${path}/data`, readonly), options.limit ?? DISK_LIMIT, true);
  adopt(store, saved, path);
  return new DiskOverlay(lower, options, { store, journal, saved, states: transactions.reduce((sum, { inodes }) => sum + inodes.length, 0), loop, readonly, room: () => folder.room?.() });
}

const damaged = (path: string, why: string): LayerError => new LayerError('damaged', `${path}: the container's layer is damaged: ${why}`);

/** The places that the files of a layer have are in use. */
function adopt(store: BlockStore, saved: ReadonlyMap<number, SavedInode>, path: string): void {
  const runs: Places[] = [];
  for (const inode of saved.values()) for (const { place, count } of inode.runs) if (place >= 0) runs.push({ start: place, count });
  try { store.adopt(runs); } catch (error) { throw error instanceof RangeError ? damaged(path, error.message) : error; }
}

