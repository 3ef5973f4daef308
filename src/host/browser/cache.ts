// Translations kept in a page's store. Losing them is harmless: what cannot be written is left out.
import type { CacheStore, Codecs, Folder } from '../ports.ts';

const CACHE = 'cache';
const VERSION = `${CACHE}/version`;

/** Keys become file names in `cache/` by their sha256. What another version of Wherry kept is removed. */
export function cacheIn(folder: Folder, codecs: Codecs, version: string): CacheStore {
  const hexOf = (text: string): string => {
    const hash = codecs.sha256();
    hash.update(new TextEncoder().encode(text));
    return hash.hex();
  };
  const put = (path: string, bytes: Uint8Array): void => { try { folder.write(path, bytes); } catch { /* a full disk */ } };
  const kept = folder.read(VERSION);
  if (!kept || new TextDecoder().decode(kept) !== version) {
    folder.remove(CACHE);
    put(VERSION, new TextEncoder().encode(version));
  }
  return { get: (key) => folder.read(`${CACHE}/${hexOf(key)}`), put: (key, value) => put(`${CACHE}/${hexOf(key)}`, value) };
}
