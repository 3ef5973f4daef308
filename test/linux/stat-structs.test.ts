// struct stat and struct statx as written for programs: every field against the layout, times against bigint arithmetic.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makedev, statLayout, statxLayout } from '../../src/abi/index.ts';
import { GuestMemory, Perm } from '../../src/guest/index.ts';
import { writeStat, writeStatx } from '../../src/syscalls/files/stat-structs.ts';
import type { Place, Stat } from '../../src/vfs/index.ts';

const memory = new GuestMemory(new WebAssembly.Memory({ initial: 64 }));
const AT = 0x20_0000;
memory.protect(AT, 4096, Perm.read | Perm.write);

const NS = 1_000_000_000n;
const seconds = (ns: bigint): bigint => (ns - above(ns)) / NS;
const above = (ns: bigint): bigint => ((ns % NS) + NS) % NS;

const time = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), fc.bigInt({ min: -3n * NS, max: 3n * NS }),
  fc.bigInt({ min: -9_223_372_036n, max: 9_223_372_036n }).chain((s) => fc.constantFrom(s * NS, s * NS - 1n, s * NS + 1n)),
);
const id = fc.integer({ min: 0, max: 0xffff_ffff });
const stats: fc.Arbitrary<Stat> = fc.record({
  dev: id, ino: fc.maxSafeNat(), mode: fc.integer({ min: 0, max: 0xffff }), nlink: id, uid: id, gid: id, rdev: fc.constantFrom(0, makedev(1, 3), makedev(0xfff, 0xf_ffff)), size: fc.maxSafeNat(),
  blksize: fc.constantFrom(1024, 4096), blocks: fc.maxSafeNat(), atimeNs: time, mtimeNs: time, ctimeNs: time,
});

test('struct stat', () => {
  fc.assert(fc.property(stats, (stat) => {
    memory.bytes.fill(0xaa, AT, AT + 256);
    writeStat(memory, AT, stat);
    assert.equal(statLayout.decode(memory.readable(AT, statLayout.size)), {
      st_dev: BigInt(stat.dev), st_ino: BigInt(stat.ino), st_nlink: BigInt(stat.nlink), st_mode: stat.mode, st_uid: stat.uid, st_gid: stat.gid, st_rdev: BigInt(stat.rdev), st_size: BigInt(stat.size),
      st_blksize: BigInt(stat.blksize), st_blocks: BigInt(stat.blocks), st_atime: BigInt.asIntN(64, BigInt(Number(seconds(stat.atimeNs)))), st_atime_nsec: above(stat.atimeNs),
      st_mtime: BigInt.asIntN(64, BigInt(Number(seconds(stat.mtimeNs)))), st_mtime_nsec: above(stat.mtimeNs), st_ctime: BigInt.asIntN(64, BigInt(Number(seconds(stat.ctimeNs)))), st_ctime_nsec: above(stat.ctimeNs),
    });
    assert.is(memory.bytes[AT + 119], 0);
    assert.is(memory.bytes[AT + 143], 0);
    assert.is(memory.bytes[AT + 144], 0xaa);
  }), { numRuns: 2000 });
});

test('struct statx', () => {
  fc.assert(fc.property(stats, fc.boolean(), (stat, isRoot) => {
    const inode = { stat: () => stat };
    writeStatx(memory, AT, { inode, mount: { id: 77, root: isRoot ? inode : undefined } } as unknown as Place);
    const x = statxLayout.decode(memory.readable(AT, statxLayout.size));
    assert.equal([x.stx_mode, x.stx_nlink, x.stx_uid, x.stx_gid, x.stx_ino, x.stx_size, x.stx_blocks, x.stx_mnt_id], [stat.mode, stat.nlink, stat.uid, stat.gid, BigInt(stat.ino), BigInt(stat.size), BigInt(stat.blocks), 77n]);
    assert.equal([x.stx_mtime_nsec, x.stx_atime_nsec, x.stx_ctime_nsec].map(BigInt), [stat.mtimeNs, stat.atimeNs, stat.ctimeNs].map(above));
    assert.is(x.stx_mtime, BigInt.asIntN(64, BigInt(Number(seconds(stat.mtimeNs)))));
    assert.is(makedev(x.stx_rdev_major, x.stx_rdev_minor), stat.rdev);
    assert.equal([x.stx_attributes, x.stx_attributes_mask], [isRoot ? 0x2000n : 0n, 0x2000n]);
  }), { numRuns: 500 });
});

test.run();
