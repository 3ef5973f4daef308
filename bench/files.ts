// What an open file of a container costs below the system call: reading a layer, writing the layer in memory and on disk, with and without fsync, at random places; beside node:fs on a plain file.
import fs from 'node:fs';
import { join } from 'node:path';
import { memoryFolder } from '../src/host/memory-folder.ts';
import { nodeFolder } from '../src/host/node/store.ts';
import { buildView, ImageView, indexLayer, openWritable } from '../src/layers/index.ts';
import type { OpenFile, OverlayFs } from '../src/vfs/index.ts';
import { median, scratchFolder } from './timing.ts';

const MB = 1e6;
const SIZE = 1 << 28;
const PIECE = 1 << 16;

/** A tar with one file of SIZE bytes, on disk. */
function bigLayer(path: string): void {
  const header = `${'big'.padEnd(100, '\0')}0000644\0${'0000000\0'.repeat(2)}${SIZE.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`;
  const whole = (sum: string): string => `${header}${sum}0`.padEnd(257, '\0').concat('ustar\x0000').padEnd(512, '\0');
  const total = [...whole(' '.repeat(8))].reduce((sum, c) => sum + c.charCodeAt(0), 0);
  const fd = fs.openSync(path, 'w');
  fs.writeSync(fd, Buffer.from(whole(`${total.toString(8).padStart(6, '0')}\0 `), 'latin1'));
  for (let at = 0; at < SIZE; at += 1 << 20) fs.writeSync(fd, Buffer.alloc(1 << 20, at >> 20));
  fs.writeSync(fd, Buffer.alloc(1024));
  fs.closeSync(fd);
}

/** Seconds of CPU that `work` takes. */
function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

const buffer = new Uint8Array(PIECE).fill(65);
const opened = (overlay: OverlayFs, name: string): OpenFile => (overlay.root.lookup(name) ?? overlay.root.create(name, { mode: 0o100644, uid: 0, gid: 0 })).open(2);

function sweep(file: OpenFile, size: number, piece: number, step: (file: OpenFile, bytes: Uint8Array, at: number) => void): void {
  const bytes = buffer.subarray(0, piece);
  for (let at = 0; at < size; at += piece) step(file, bytes, at);
  file.close!();
}

/** Every block once, in an order that jumps. */
function scattered(size: number, step: (at: number) => void): void {
  const blocks = size / 4096;
  for (let i = 0; i < blocks; i++) step(((i * 7919) % blocks) * 4096);
}

/** Rows for a table: what, and how much of it a second of CPU time does; fsyncs by the clock. */
export async function fileRows(folder = scratchFolder('.cache'), runs = 3): Promise<string[][]> {
  const path = join(folder, 'layer.tar');
  bigLayer(path);
  const fd = fs.openSync(path, 'r');
  const blob = { size: fs.fstatSync(fd).size, read: (into: Uint8Array, offset: number) => fs.readSync(fd, into, 0, into.length, offset) };
  const lower = new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'sha256:big' }]);
  const store = nodeFolder(join(folder, 'store'));
  const now = (): bigint => process.hrtime.bigint();
  let layers = 0;
  /** Large enough that the folder has come. */
  const inMemory = async (): Promise<OverlayFs> => {
    const overlay = openWritable(lower, { memory: async () => memoryFolder() }, { now });
    sweep(opened(overlay, 'first'), 1 << 24, PIECE, (file, bytes, at) => { file.write!(bytes, at, true); });
    await new Promise((done) => { setImmediate(done); });
    return overlay;
  };
  const onDisk = async (): Promise<OverlayFs> => openWritable(lower, { folder: store, path: `layer${layers++}`, lower: 'big' }, { now });
  const rows: string[][] = [['files of a container', 'per second of CPU']];
  const rate = async (what: string, bytes: number, make: () => Promise<OverlayFs | undefined>, work: (overlay: OverlayFs) => void): Promise<void> => {
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) {
      const overlay = await make();
      seconds.push(cpuSeconds(() => work(overlay!)));
      overlay?.close();
    }
    rows.push([what, `${(bytes / MB / median(seconds)).toFixed(0)} MB`]);
  };
  const nothing = async (): Promise<undefined> => undefined;
  const write = (size: number, piece: number) => (overlay: OverlayFs): void => sweep(opened(overlay, 'new'), size, piece, (file, bytes, at) => { file.write!(bytes, at, true); });

  await rate('read a layer\'s file, 64 KiB a call', SIZE, onDisk, (overlay) => sweep(opened(overlay, 'big'), SIZE, PIECE, (file, bytes, at) => { file.read!(bytes, at, true); }));
  await rate('  node:fs on the same file', SIZE, nothing, () => { for (let at = 0; at < SIZE; at += PIECE) fs.readSync(fd, buffer, 0, PIECE, at); });
  for (const [where, make] of [['in memory', inMemory], ['on disk', onDisk]] as const) {
    await rate(`write to the layer ${where}, 64 KiB a call`, SIZE, make, write(SIZE, PIECE));
    await rate('  4 KiB a call', SIZE / 4, make, write(SIZE / 4, 4096));
    await rate('  100 bytes a call', 4_000_000, make, write(4_000_000, 100));
    await rate('  copy up blocks of a layer\'s file at random, one byte each', SIZE / 4, make, (overlay) => { const file = opened(overlay, 'big'); scattered(SIZE / 4, (at) => { file.write!(buffer.subarray(0, 1), at + 5, true); }); });
    await rate('  write 4 KiB at random', SIZE / 4, make, (overlay) => { const file = opened(overlay, 'new'); scattered(SIZE / 4, (at) => { file.write!(buffer.subarray(0, 4096), at, true); }); });
  }
  const plain = join(folder, 'plain');
  await rate('  node:fs to a plain file, 64 KiB a call', SIZE, nothing, () => { const out = fs.openSync(plain, 'w'); for (let at = 0; at < SIZE; at += PIECE) fs.writeSync(out, buffer, 0, PIECE, at); fs.closeSync(out); });
  rows.push(...syncRows(await onDisk(), plain));
  fs.closeSync(fd);
  return rows;
}

/** fsync after each 4 KiB, by the clock: the disk's own time is most of it. */
function syncRows(overlay: OverlayFs, plain: string): string[][] {
  const perSecond = (work: (i: number) => void): string => {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < 1000) work(count++);
    return (count / (performance.now() - start) * 1000).toFixed(0);
  };
  const file = opened(overlay, 'synced');
  const out = fs.openSync(plain, 'w');
  const rows = [
    ['4 KiB and fsync on the layer on disk, by the clock', `${perSecond((i) => { file.write!(buffer.subarray(0, 4096), (i % 64) * 4096, true); file.sync!(); })} times`],
    ['  node:fs and fsync on a plain file', `${perSecond((i) => { fs.writeSync(out, buffer, 0, 4096, (i % 64) * 4096); fs.fsyncSync(out); })} times`],
  ];
  file.close!();
  fs.closeSync(out);
  overlay.close();
  return rows;
}
