// Long runs of zeros that are appended to a file of the folder are holes of it.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFolder } from '../../src/host/node/store.ts';

test('zeros between data take no room, and read as zeros', () => {
  const root = mkdtempSync(join(tmpdir(), 'wherry-holes-'));
  try {
    const folder = nodeFolder(root);
    const file = folder.create();
    const MIB = 1 << 20;
    file.append(Buffer.from('begin'));
    for (let i = 0; i < 64; i++) file.append(new Uint8Array(MIB));
    file.append(new Uint8Array(70_000).fill(1, 69_999));
    for (let i = 0; i < 3; i++) file.append(new Uint8Array(MIB));
    file.commit('blob');
    const size = 5 + 67 * MIB + 70_000;
    const { size: stated, blocks } = statSync(join(root, 'blob'));
    assert.is(stated, size);
    assert.ok(blocks * 512 < MIB, `${blocks} blocks`);
    const blob = folder.open('blob')!;
    const into = new Uint8Array(size);
    for (let at = 0; at < size;) at += blob.read(into.subarray(at), at);
    assert.is(Buffer.from(into.subarray(0, 6)).toString('latin1'), 'begin\0');
    assert.is(into.indexOf(1), 5 + 64 * MIB + 69_999);
    assert.is(into.lastIndexOf(1), 5 + 64 * MIB + 69_999);
  } finally { rmSync(root, { recursive: true }); }
});

test.run();
