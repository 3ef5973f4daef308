// bzip2: files of the real one, in pieces of any size; streams behind each other; damage at every byte.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unbzip2 } from '../../src/oci/bzip2.ts';
import { files } from './bzip2-files.ts';

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
const text = Buffer.concat([Buffer.from('the quick brown fox jumps over the lazy dog; '.repeat(40)), ...Array.from({ length: 3 }, () => Uint8Array.from({ length: 256 }, (_, i) => i))]).subarray(0, 2500);
const content: Readonly<Record<keyof typeof files, Buffer>> = { text, nothing: Buffer.alloc(0), runs: Buffer.from('a'.repeat(259) + 'bbbb' + 'c'.repeat(1000)), zeros: Buffer.alloc(46_000_000) };

async function unpacked(bytes: Uint8Array, step = bytes.length): Promise<Buffer> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> { for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step); };
  const out: Uint8Array[] = [];
  for await (const chunk of unbzip2(pieces())) out.push(chunk);
  return Buffer.concat(out);
}
const codeOf = (bytes: Uint8Array): Promise<string | undefined> => unpacked(bytes).then(() => 'none', (error: { code?: string }) => error.code);

for (const [name, base64] of Object.entries(files) as [keyof typeof files, string][]) {
  test(name, async () => {
    for (const step of [1, 7, base64.length]) assert.is(Buffer.compare(await unpacked(bytesOf(base64), step), content[name]), 0);
  });
}

test('streams behind each other', async () => { assert.equal(await unpacked(Buffer.concat([bytesOf(files.text), bytesOf(files.nothing), bytesOf(files.runs)])), Buffer.concat([text, content.runs])); });

test('damage', async () => {
  const file = bytesOf(files.text);
  for (let at = 0; at < file.length; at++) {
    const damaged = Buffer.from(file);
    damaged[at]! ^= 1 << (at % 8);
    // Some bits say nothing of the content: a larger level, codes of symbols that do not come, what lies behind the end.
    if (await codeOf(damaged) !== 'BZIP2') assert.is(Buffer.compare(await unpacked(damaged), text), 0, `byte ${at}`);
  }
  for (let length = 0; length < file.length; length += 5) assert.is(await codeOf(file.subarray(0, length)), 'BZIP2');
  assert.is(await codeOf(Buffer.concat([file, Buffer.from('x')])), 'BZIP2');
});

test.run();
