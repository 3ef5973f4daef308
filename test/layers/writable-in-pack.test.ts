// The writable layer inside a pack, as a page keeps it, beside other files of the store: after a power cut at any step the tree is one of those since the last sync, and the other files are whole.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CachedFile, PackFolder } from '../../src/host/pack/index.ts';
import { openWritable } from '../../src/layers/index.ts';
import type { OverlayFs } from '../../src/vfs/index.ts';
import { FaultyDisk, type FaultyFile, PowerCut, randomNumbers } from '../host/faulty-disk.ts';
import { read, treeOf, write } from '../vfs/tree.ts';
import { lowerTree, printed, randomStep, writerOf } from './writer.ts';

type Random = (below: number) => number;
const lower = lowerTree();

function packOf([data, first, second]: readonly FaultyFile[]): PackFolder { return new PackFolder({ data: new CachedFile(data!, 1 << 20), journal: [first!, second!] }); }

const filesOn = (disk: FaultyDisk, contents: readonly Uint8Array[] = []): FaultyFile[] => [0, 1, 2].map((i) => disk.file(contents[i]));

function opened(folder: PackFolder): OverlayFs {
  let time = 10n ** 18n;
  return openWritable(lower, { folder, path: 'containers/c/layer', lower: 'image:1' }, { now: () => (time += 1001n) });
}

/** A file of the store that comes, or goes: its name tells its content. */
function storeStep(folder: PackFolder, random: Random): void {
  const path = `oci/${random(4)}-${random(3) * 30_000}`;
  if (folder.has(path)) folder.remove(path);
  else folder.write(path, contentOf(path));
}

const contentOf = (path: string): Buffer => Buffer.alloc(Number(path.split('-')[1]), `${path},`);

/** What changed, step by step, until the power is cut. */
class Run {
  readonly states: string[] = [];
  /** The first state that may be there after the cut. */
  promised = 0;

  go(folder: PackFolder, random: Random): void {
    const overlay = opened(folder);
    this.states.push(printed(overlay));
    const writer = writerOf(overlay, random);
    for (let i = 0; i < 40; i++) {
      randomStep(writer);
      this.states.push(printed(overlay));
      if (random(5) === 0) storeStep(folder, random);
      if (random(8) !== 0) continue;
      overlay.sync();
      this.promised = this.states.length - 1;
    }
  }
}

/** False: it came to its end before the step `cutAt`. */
function runUntilCut(seed: number, cutAt: number): boolean {
  const random = randomNumbers(seed);
  const files = filesOn(new FaultyDisk(cutAt));
  const run = new Run();
  let cut = false;
  try { run.go(packOf(files), random); } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    cut = true;
  }
  const after = packOf(filesOn(new FaultyDisk(), files.map((file) => file.afterCut(random))));
  const now = printed(opened(after));
  if (run.states.length > 0) assert.ok(run.states.slice(run.promised).includes(now), `seed ${seed}, cut at ${cutAt}: the tree is none of those since the last sync\n${now}\n--- promised\n${run.states[run.promised]}`);
  for (const name of after.list('oci')) assert.is(Buffer.compare(after.read(`oci/${name}`)!, contentOf(`oci/${name}`)), 0, `seed ${seed}, cut at ${cutAt}: ${name}`);
  const again = opened(after);
  write(treeOf(again), '/more', 'x'.repeat(9000));
  again.close();
  assert.is(read(treeOf(opened(after)), '/more').length, 9000, 'it goes on');
  return cut;
}

test('after a power cut at any step', () => {
  let cuts = 0;
  for (let seed = 200; seed < 208; seed++) for (let cutAt = 0; runUntilCut(seed, cutAt); cutAt += 1 + (cutAt >> 4)) cuts++;
  assert.ok(cuts > 200, `${cuts} cuts`);
});

test.run();
