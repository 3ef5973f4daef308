// What every container has around its image, as Docker's init layer: mount points, and empty files where generated ones are mounted. No part of any image, of `diff` or of `commit`; `export` shows it.
import { S_IFDIR, S_IFLNK, S_IFREG } from '../abi/index.ts';
import type { Blob } from '../host/ports.ts';
import { indexLayer, type LayerIndex } from '../layers/index.ts';

interface Entry { readonly path: string; readonly type: number; readonly mode: number; readonly target?: string }

const directory = (path: string): Entry => ({ path, type: S_IFDIR, mode: 0o755 });
const emptyFile = (path: string): Entry => ({ path, type: S_IFREG, mode: 0o755 });

/** What an image may have otherwise. */
const below = ['dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys'].map(directory);
/** What replaces the image's. */
const above = [...['.dockerenv', 'dev/console', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf'].map(emptyFile), { path: 'etc/mtab', type: S_IFLNK, mode: 0o777, target: '/proc/mounts' }];

const BLOCK = 512;
const typeFlags = new Map([[S_IFREG, '0'], [S_IFLNK, '2'], [S_IFDIR, '5']]);

/** One header of a tar (POSIX ustar): owner root, no content, time 0. */
function header({ path, type, mode, target = '' }: Entry): string {
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const before = path.padEnd(100, '\0') + octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(0, 12) + octal(0, 12);
  const after = `${typeFlags.get(type)}${target.padEnd(100, '\0')}ustar\x0000`.padEnd(BLOCK - 156, '\0');
  const sum = [...`${before}        ${after}`].reduce((total, c) => total + c.charCodeAt(0), 0);
  return `${before}${octal(sum, 7)} ${after}`;
}

function indexOf(entries: readonly Entry[]): LayerIndex {
  const bytes = Uint8Array.from(entries.map(header).join('') + '\0'.repeat(2 * BLOCK), (c) => c.charCodeAt(0));
  return indexLayer({ size: bytes.length, read: (into, offset) => { const piece = bytes.subarray(offset, offset + into.length); into.set(piece); return piece.length; } });
}

/** The indexes of an image's layers between those of every container. */
export const aroundIndexes = (indexes: readonly LayerIndex[]): LayerIndex[] => [indexOf(below), ...indexes, indexOf(above)];

const empty = { diffId: '', blob: { size: 0, read: () => 0 } satisfies Blob };

/** The contents that belong to `aroundIndexes`. */
export const aroundContents = <T extends { readonly diffId: string; readonly blob: Blob }>(layers: readonly T[]): (T | typeof empty)[] => [empty, ...layers, empty];
