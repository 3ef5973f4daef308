// Wherry's ports in a browser's worker: clock, randomness and event loop.
import type { CacheStore, Clock, Host, Loop, Random } from '../ports.ts';

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1000)) * 1000n;

const clock: Clock = {
  realtimeNs: () => nanoseconds(performance.timeOrigin + performance.now()),
  monotonicNs: () => nanoseconds(performance.now()),
};

/** getRandomValues gives at most 65,536 bytes a call. */
const random: Random = {
  fill: (into) => {
    const bytes = into as Uint8Array<ArrayBuffer>;
    for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  },
};

const channel = new MessageChannel();
const steps: (() => void)[] = [];
channel.port1.onmessage = () => { steps.shift()?.(); };

/** A message to oneself comes back sooner than a zero timeout, which browsers stretch to 4 ms. */
const loop: Loop = {
  soon: (step) => { steps.push(step); channel.port2.postMessage(0); },
  later: (step, delayNs) => {
    const timer = setTimeout(step, Math.ceil(Number(delayNs) / 1e6));
    return () => clearTimeout(timer);
  },
};

/** The host of a worker; without `cache` translations are not kept. */
export const browserHost = (cache?: CacheStore): Host => ({ clock, random, loop, log: (line) => console.info(line), ...(cache ? { cache } : {}) });
