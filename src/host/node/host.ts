// Wherry's ports on Node: clock, randomness, event loop, and the folder that keeps translations.
import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeLocalStreams } from './local-streams.ts';
import { nodeNet } from './net.ts';
import type { CacheStore, Clock, Host, Loop, Random } from '../ports.ts';

const epochNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** The wall clock follows the monotonic clock from the moment this file was loaded, so it has nanoseconds. */
const clock: Clock = {
  realtimeNs: () => epochNs + process.hrtime.bigint(),
  monotonicNs: () => process.hrtime.bigint(),
};

const random: Random = { fill: (into) => { randomFillSync(into); } };

const loop: Loop = {
  soon: (step) => { setImmediate(step); },
  later: (step, delayNs) => {
    const timer = setTimeout(step, Math.min(Number(delayNs / 1_000_000n) + (delayNs % 1_000_000n > 0n ? 1 : 0), 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** Keys become file names by their sha256; a file appears whole or not at all. Losing any of it is harmless, so write errors are ignored. */
export function folderCache(folder: string): CacheStore {
  const file = (key: string): string => join(folder, createHash('sha256').update(key).digest('hex'));
  return {
    get: (key) => {
      try { return readFileSync(file(key)); } catch { return undefined; }
    },
    put: (key, value) => {
      const to = file(key);
      const temporary = `${to}.${process.pid}.tmp`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(temporary, value);
        renameSync(temporary, to);
      } catch {
        rmSync(temporary, { force: true });
      }
    },
  };
}

/** The Node host; `cacheFolder` absent means translations are not kept, `store` absent that containers do not reach each other. */
export function nodeHost(cacheFolder?: string, store?: string): Host {
  return { clock, random, loop, net: nodeNet, ...(store === undefined ? {} : { local: nodeLocalStreams(store) }), log: (line) => { process.stderr.write(`${line}\n`); }, ...(cacheFolder === undefined ? {} : { cache: folderCache(cacheFolder) }) };
}
