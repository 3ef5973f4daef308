// The store's folder in the browser's private file system (OPFS): a pack whose files one worker has open; files cannot be opened synchronously there, but an open one is read and written so.
import { CachedFile, PackError, PackFolder } from '../pack/index.ts';
import type { Folder, RandomFile } from '../ports.ts';

const FOLDER = 'wherry';
const LOCK = 'wherry-store';
const FILES = ['data', 'journal.0', 'journal.1'] as const;
/** How long the worker of a page that was just closed may take to let go. */
const PATIENCE_MS = 2000, STEP_MS = 50;
/** Layers are read in small pieces; a read of OPFS takes some 0.3 ms whatever its size. */
const CACHE_BYTES = 64 << 20;

/** Where images are kept, and if it is not OPFS, why. */
export interface BrowserStore { readonly folder: Folder; readonly kept: boolean; readonly why: string }

/** DOMException names that have a counterpart on other hosts. */
const codes: Readonly<Record<string, string>> = { QuotaExceededError: 'ENOSPC', NoModificationAllowedError: 'EBUSY', InvalidStateError: 'EIO' };

/** The same error with a code like those of node:fs. */
function coded(error: unknown): unknown {
  const { name, message } = error as { name?: string; message?: string };
  const code = codes[name ?? ''];
  if (code === undefined) return error;
  return Object.assign(new Error(code === 'ENOSPC' ? 'no space left: the browser gives this page no more storage' : message), { code });
}

function orCoded<T>(work: () => T): T {
  try { return work(); } catch (error) { throw coded(error); }
}

/** Chromium's file error for a full disk. */
const NO_SPACE = -8;

/** How many bytes were moved. Chromium gives its own negative error numbers as unsigned counts where it should throw. */
function counted(move: () => number, most: number): number {
  const count = orCoded(move);
  if (count > most) throw coded({ name: (count | 0) === NO_SPACE ? 'QuotaExceededError' : 'InvalidStateError', message: `the browser's storage failed (${count | 0})` });
  return count;
}

class HandleFile implements RandomFile {
  readonly #handle: FileSystemSyncAccessHandle;
  #size: number;
  constructor(handle: FileSystemSyncAccessHandle) {
    this.#handle = handle;
    this.#size = handle.getSize();
  }

  get size(): number { return this.#size; }
  read(into: Uint8Array, offset: number): number { return counted(() => this.#handle.read(into as Uint8Array<ArrayBuffer>, { at: offset }), into.length); }

  write(from: Uint8Array, offset: number): void {
    try {
      for (let done = 0; done < from.length;) {
        const n = counted(() => this.#handle.write(from.subarray(done) as Uint8Array<ArrayBuffer>, { at: offset + done }), from.length - done);
        if (n === 0) throw coded({ name: 'QuotaExceededError' });
        done += n;
      }
      this.#size = Math.max(this.#size, offset + from.length);
    } catch (error) {
      // Part of it may have been written.
      this.#size = this.#handle.getSize();
      throw error;
    }
  }

  truncate(size: number): void {
    orCoded(() => this.#handle.truncate(size));
    this.#size = size;
  }
  sync(): void { orCoded(() => this.#handle.flush()); }
  close(): void { this.#handle.close(); }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** Keeps the name of the store for as long as this worker lives. False: another tab has it. */
function takeLock(): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    navigator.locks.request(LOCK, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
      resolve(true);
      return new Promise<never>(() => {});
    }).catch((error: unknown) => { if (['TimeoutError', 'AbortError'].includes((error as Error).name)) resolve(false); else reject(error as Error); });
  });
}

/** Does what is refused while another worker has a file open; one that is just ending may still have it. */
async function whenAlone<T>(work: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += STEP_MS) {
    try { return await work(); } catch (error) {
      if ((error as Error).name !== 'NoModificationAllowedError' || waited >= PATIENCE_MS) throw error;
      await pause(STEP_MS);
    }
  }
}

/** Opens a file for this worker alone. */
async function openAlone(directory: FileSystemDirectoryHandle, name: string): Promise<FileSystemSyncAccessHandle> {
  const file = await directory.getFileHandle(name, { create: true });
  return whenAlone(() => file.createSyncAccessHandle());
}

async function openPack(): Promise<PackFolder> {
  const directory = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const handles: FileSystemSyncAccessHandle[] = [];
  try {
    for (const name of FILES) handles.push(await openAlone(directory, name));
    const [data, first, second] = handles.map((handle) => new HandleFile(handle));
    return new PackFolder({ data: new CachedFile(data!, CACHE_BYTES), journal: [first!, second!] });
  } catch (error) {
    for (const handle of handles) handle.close();
    throw error;
  }
}

const OTHER_TAB = 'the store is open in another tab';
const inMemory = async (why: string): Promise<BrowserStore> => ({ folder: (await import('../memory-folder.ts')).memoryFolder(), kept: false, why });

/** Why a page gets no files, in words. */
function whyNot(error: unknown): string {
  if (error instanceof PackError) return error.message;
  const { name, message } = error as Error;
  return name === 'NoModificationAllowedError' ? OTHER_TAB : `the browser refuses to keep files for this page (${name}: ${message})`;
}

/** The store of this origin. Where there is no OPFS, or another tab has it open, or it is damaged: a store in memory, which says why. */
export async function openBrowserStore(): Promise<BrowserStore> {
  if (navigator.storage?.getDirectory === undefined || typeof FileSystemFileHandle === 'undefined' || !('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return inMemory('this browser keeps no files for pages like this one (OPFS)');
  if (!await takeLock()) return inMemory(OTHER_TAB);
  try { return { folder: await openPack(), kept: true, why: '' }; } catch (error) { return inMemory(whyNot(error)); }
}

/** Deletes all that is stored for this origin. Throws when a tab has it open. */
export async function eraseBrowserStore(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  try { await whenAlone(() => root.removeEntry(FOLDER, { recursive: true })); } catch (error) {
    const { name } = error as Error;
    if (name === 'NoModificationAllowedError') throw new Error(OTHER_TAB);
    if (name !== 'NotFoundError') throw error;
  }
}
