// xz: files of the real one with all kinds of checks and properties, in pieces of any size; streams behind each other; damage at every byte.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { unxz } from '../../src/oci/xz.ts';
import { files } from './xz-files.ts';

const text = Buffer.concat([Buffer.from('the quick brown fox jumps over the lazy dog; '.repeat(40)), ...Array.from({ length: 3 }, () => Uint8Array.from({ length: 256 }, (_, i) => i))]).subarray(0, 2500);

async function unpacked(bytes: Uint8Array, step = bytes.length): Promise<Buffer> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> { for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step); };
  const out: Uint8Array[] = [];
  for await (const chunk of unxz(pieces(), nodeCodecs)) out.push(chunk);
  return Buffer.concat(out);
}

for (const [options, base64] of files) {
  const file = Buffer.from(base64, 'base64');
  test(`xz ${options}`, async () => {
    for (const step of [1, 7, file.length]) assert.equal(await unpacked(file, step), text);
  });
  if (options === '--check=none --lzma2=lc=0,lp=2,pb=0') continue;
  test(`xz ${options}, damaged`, async () => {
    for (let at = 0; at < file.length; at++) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 1 << (at % 8);
      const code = await unpacked(damaged).then(() => 'none', (error: { code?: string }) => error.code);
      assert.is(code, 'LZMA', `byte ${at}`);
    }
    for (let length = 0; length < file.length; length += 5) assert.is(await unpacked(file.subarray(0, length)).then(() => 'none', (error: { code?: string }) => error.code), 'LZMA');
  });
}

test('streams behind each other, with zeros between', async () => {
  const [first, second] = files.map(([, base64]) => Buffer.from(base64, 'base64')) as [Buffer, Buffer];
  assert.equal(await unpacked(Buffer.concat([first, Buffer.alloc(8), second, Buffer.alloc(4)])), Buffer.concat([text, text]));
  assert.is(await unpacked(Buffer.concat([first, Buffer.alloc(3)])).then(() => 'none', (error: { code?: string }) => error.code), 'LZMA');
});

test.run();
