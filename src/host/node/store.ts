// The store's folder and codecs in Node: node:fs, node:crypto, node:zlib.
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FsFolder } from '../fs-folder.ts';
import type { Codecs } from '../ports.ts';
import { unzstd } from '../zstd.ts';

function isAlive(owner: string): boolean {
  const pid = Number(owner.split('-')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try { process.kill(pid, 0); return true; } catch (error) { return (error as NodeJS.ErrnoException).code === 'EPERM'; }
}

/** A folder on disk. What killed processes left half-written in it is removed. */
export function nodeFolder(root: string): FsFolder {
  return new FsFolder(fs, root, `${process.pid}-${randomBytes(4).toString('hex')}`, isAlive);
}

export const nodeCodecs: Codecs = {
  unzstd,
  sha256() {
    const hash = createHash('sha256');
    return { update: (bytes) => { hash.update(bytes); }, hex: () => hash.digest('hex') };
  },
  async *gunzip(source) {
    const input = Readable.from(source, { objectMode: false });
    const output = createGunzip();
    input.on('error', (error) => output.destroy(error));
    yield* input.pipe(output);
  },
};
