// Regions of an address space against the simplest model there is: an array with one cell a page.
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Regions } from '../../src/linux/index.ts';

const PAGE = 4096;
const PAGES = 24;

type Operation = { what: 'insert' | 'remove' | 'change'; from: number; length: number; prot: number };
const operation: fc.Arbitrary<Operation> = fc.record({
  what: fc.constantFrom('insert', 'remove', 'change'), from: fc.integer({ min: 0, max: PAGES - 1 }), length: fc.integer({ min: 1, max: 8 }), prot: fc.integer({ min: 0, max: 3 }),
});

/** Applies the operation to both; the cells hold PROT bits, undefined where nothing is mapped. */
function apply(regions: Regions, cells: (number | undefined)[], { what, from, length, prot }: Operation): void {
  const to = Math.min(PAGES, from + length);
  const [start, end] = [from * PAGE, to * PAGE];
  if (what !== 'change') {
    regions.remove(start, end);
    cells.fill(undefined, from, to);
  }
  if (what === 'insert') {
    regions.insert({ start, end, prot, offset: 0, dirty: true, readOnlyShared: false });
    cells.fill(prot, from, to);
  }
  if (what === 'change') {
    for (const region of regions.carve(start, end)) region.prot = prot;
    regions.mergeAround(start, end);
    for (let i = from; i < to; i++) if (cells[i] !== undefined) cells[i] = prot;
  }
}

test('every page has the rights of the model, and regions are sorted, apart and merged', () => {
  fc.assert(fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
    const regions = new Regions();
    const cells = new Array<number | undefined>(PAGES).fill(undefined);
    for (const each of operations) apply(regions, cells, each);
    for (let page = 0; page < PAGES; page++) assert.is(regions.at(page * PAGE + 5)?.prot, cells[page], `page ${page}`);
    const all = regions.all;
    for (let i = 1; i < all.length; i++) {
      assert.ok(all[i - 1]!.end <= all[i]!.start, 'sorted');
      assert.not.ok(all[i - 1]!.end === all[i]!.start && all[i - 1]!.prot === all[i]!.prot, 'neighbours that are alike are one');
    }
    for (let from = 0; from < PAGES; from += 3) {
      const mapped = cells.slice(from, from + 5);
      assert.is(regions.isFree(from * PAGE, (from + 5) * PAGE), mapped.every((c) => c === undefined));
      if (from + 5 <= PAGES) assert.is(regions.covers(from * PAGE, (from + 5) * PAGE), mapped.every((c) => c !== undefined));
    }
    const free = regions.findFree(3 * PAGE, 0, PAGES * PAGE);
    const first = cells.findIndex((_, i) => i + 3 <= PAGES && cells.slice(i, i + 3).every((c) => c === undefined));
    assert.is(free, first < 0 ? undefined : first * PAGE, 'the lowest free room');
  }), { numRuns: 400 });
});

test('offsets in a file follow when a region is split', () => {
  const regions = new Regions();
  const file = { file: { inode: {} } as never, path: '/f', writable: false };
  regions.insert({ start: 0x10000, end: 0x14000, prot: 1, offset: 0x3000, file, dirty: true, readOnlyShared: false });
  regions.remove(0x11000, 0x12000);
  assert.equal(regions.all.map((r) => [r.start, r.end, r.offset]), [[0x10000, 0x11000, 0x3000], [0x12000, 0x14000, 0x5000]]);
  regions.insert({ start: 0x11000, end: 0x12000, prot: 1, offset: 0x4000, file, dirty: true, readOnlyShared: false });
  assert.is(regions.all.length, 1, 'what continues its neighbour joins it');
});

test.run();
