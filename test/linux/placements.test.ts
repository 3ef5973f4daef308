// Where libraries are put, kept from run to run.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CacheStore } from '../../src/host/ports.ts';
import { Placements } from '../../src/linux/index.ts';

const store = (): CacheStore & { map: Map<string, Uint8Array> } => {
  const map = new Map<string, Uint8Array>();
  return { map, get: (key) => map.get(key), put: (key, value) => { map.set(key, value); } };
};

test('places come back in the next run, and the first one stays', () => {
  const cache = store();
  const first = new Placements(cache);
  first.set('sha256:aa', 4096, 0x1400_0000);
  first.set('sha256:aa', 4096, 0x1500_0000);
  first.save();
  assert.is(new Placements(cache).get('sha256:aa', 4096), 0x1400_0000);
  assert.is(new Placements(cache).get('sha256:bb', 4096), undefined);
});

test('a new place is nobody else\'s', () => {
  const places = new Placements();
  places.set('a', 0x2000, 0x1400_1000);
  places.set('b', 0x1000, 0x1400_4000);
  const free = (low: number): number => low;
  assert.is(places.newRoom(0x1000, free), 0x1400_0000);
  assert.is(places.newRoom(0x2000, free), 0x1400_5000);
  assert.is(places.newRoom(0x1000, (low) => Math.max(low, 0x1400_2000)), 0x1400_3000);
  assert.is(places.newRoom(0x1000, () => undefined), undefined);
});

test('nothing new is nothing to write', () => {
  const cache = store();
  new Placements(cache).save();
  assert.is(cache.map.size, 0);
});

test('what cannot be a place is passed over', () => {
  const cache = store();
  cache.put('placements', new TextEncoder().encode('14000001 odd+1\n1000 low+1\nfffff000 high+1\nzz bad+1\n14003000 none\n14002000 good+1\n\0\xff'));
  const places = new Placements(cache);
  assert.equal(['odd', 'low', 'high', 'bad', 'none', 'good'].map((key) => places.get(key, 1)), [undefined, undefined, undefined, undefined, undefined, 0x1400_2000]);
});

test.run();
