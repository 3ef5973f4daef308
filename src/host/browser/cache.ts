// Translations kept in a page's store. Losing them is harmless: what cannot be written is left out.
import type { CacheStore, Codecs, Folder } from '../ports.ts';

/** Keys become file names in `cache/` by their sha256. */
export function cacheIn(folder: Folder, codecs: Codecs): CacheStore {
  const file = (key: string): string => {
    const hash = codecs.sha256();
    hash.update(new TextEncoder().encode(key));
    return `cache/${hash.hex()}`;
  };
  return {
    get: (key) => folder.read(file(key)),
    put: (key, value) => { try { folder.write(file(key), value); } catch { /* a full disk */ } },
  };
}
