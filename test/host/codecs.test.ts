// gzip and zstd taken off as the bytes come, in Node and as pages do it: streams of several parts, cut and changed at every place, and in pieces of any size.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { browserCodecs } from '../../src/host/browser/store.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import type { Codecs } from '../../src/host/ports.ts';
import { source } from '../oci/archives.ts';

/** 1.3 MB of numbers, as zstd -19 packs them. */
const packedByZstd = Buffer.from(
  'KLUv/aRsuxQAhBsAKmZkCwqwOyBJEgVjBlcCswCxALIAdzHkLcodijA/ot2IQy9i+UQ0+xBlLkT7QTy7iaWXOHEgtr8h2W1I9BqanIaOz9B6GdJjGHcPx97h1WHOhFEv4dRJePURjl2EcQ8h3ULrK3QchCa/INEtSPYKtqfgxCdYugTPHkH7Dsq8QbNDsPwzh26mvUyYkyn3MUMuZu9hitwm3WvGHEz3V0LdyohXOXcqTZ+ycSn9KF13WfKW4kMZP9ZuFHrx5ESKD8cXUh+8m/KyB0KvlHEHKenXW5SOV5Q+UZJdomwfUU7cUZbeKM8OUdo/lzI3l2Yvl+WTy6GPS7u4hHm4lLtdhrwueweXIr+WdLeWMa+eWkJ9WkZcWs496G7ZeFv60NL1g7Lk5heUcYKy9oFS6CIPKCluKJTUA5T3O8rt2NcRTsd+jnI53uNIvY/j90hxOJ78jEI3Y+1ljJNR/DGWXIyuh9G3sfEaTQfj3K8YcStCvYruqRjzKdJdiiKPYi/3k1vN3qumyKkm3admzKWm+6gJddeMeGvOHWqafnF7gek6gVny8QXMeIBZu8EUesE8OYBJ8buikSvhcWXvK+W98g5XUn9Wjm9WUrysPDnRx8raxcp4WCm+rVa6Dlb6V2XjVlVlxKdKqEuV7qPKmLtKurdKkUOVvR+VITcq5V5UwpyotA+VQxcqyw8qzW4qZV4q7QPdlKXblBOvKdvTDF0mxlNa3ynpMGdFU5d6SHl1SzkWv7Orozs58x7nngmHM/szU25m3qsnM8cfMykuZp486Daz9poZBzPFv7J6lelTmY1PmaZLRdzVMt1DmTE/MuluVGT2TmSGfMiUu1DcZA69ZJYPZJr9xsa0X2OencYsfcacuEzYPSbROzAnpvUmJr3uJCNhMaNeMacOYl79why7hRn3OoVp/YTpuIRp8qA7TLI3zPYQ5sTPZulm8+xl0z7ZlPnYNLvYLD9sDt027bUJc7ApAUEoIEagpLLVARJAltvr////b2j4mOdgh72OIYbCMLpxVfQMQjAXmJ8FqgOXApXk5JaMNQsvJ4ZolEVYSDx+TK3KJxrPaIYNQX+ddqcZ4U9cOOTL976wAb07ZyuiHpDTgZ+EMWkE7i9M5hOUEd8ED0zlKixCnzOLoRT1fXHILjL3CQBUSThD5Ffig1bRn1J2IvcyBVQAAAABAP3/Avy5BgJEAAAAAQD9/zkAAkQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkQAAAABAP3/OQACRQAAAAEAaTsdAAGfBWGt',
  'base64',
);
const numbers = Buffer.from(Array.from({ length: 300 }, (_, i) => `${(i * i) % 97},${i};`).join('').repeat(700));

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function refuses(chunks: AsyncIterable<Uint8Array>, what: string): Promise<void> {
  try { await all(chunks); } catch (error) {
    assert.ok(error instanceof Error, what);
    return;
  }
  assert.unreachable(`${what}: accepted`);
}

type Unpack = (bytes: Uint8Array, piece: number) => AsyncIterable<Uint8Array>;
const kinds: readonly (readonly [string, Unpack, Uint8Array])[] = ([['Node', nodeCodecs], ['a page', browserCodecs]] as [string, Codecs][]).flatMap(([where, codecs]) => [
  [`gzip in ${where}`, (bytes, piece) => codecs.gunzip(source(bytes, piece)), gzipSync(numbers)] as const,
  [`zstd in ${where}`, (bytes, piece) => codecs.unzstd(source(bytes, piece)), packedByZstd] as const,
]);

for (const [what, unpack, packed] of kinds) {
  test(`${what}: in pieces of any size, and several streams as one`, async () => {
    for (const piece of [1, 7, 100, 1 << 20]) assert.is(digest(await all(unpack(packed, piece))), digest(numbers), `pieces of ${piece}`);
    const twice = digest(Buffer.concat([numbers, numbers]));
    for (const piece of [1, 500, 1 << 20]) assert.is(digest(await all(unpack(Buffer.concat([packed, packed]), piece))), twice);
  });

  test(`${what}: what is cut is refused, wherever`, async () => {
    for (let length = 1; length < packed.length; length += Math.max(1, packed.length >> 4)) await refuses(unpack(packed.subarray(0, length), 300), `cut at ${length}`);
    await refuses(unpack(packed.subarray(0, packed.length - 1), 300), 'without the last byte');
  });

  test(`${what}: what is changed is refused, or gives other bytes, and ends`, async () => {
    for (let at = 0; at < packed.length; at += Math.max(1, packed.length >> 4)) {
      const changed = Uint8Array.from(packed);
      changed[at]! ^= 0x55;
      try { await all(unpack(changed, 300)); } catch (error) { assert.ok(error instanceof Error); }
    }
  });

  test(`${what}: a source that fails passes its error on`, async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield packed.subarray(0, 200);
      throw Object.assign(new Error('the disk'), { code: 'EIO' });
    };
    const codecs = what.endsWith('Node') ? nodeCodecs : browserCodecs;
    try {
      await all(what.startsWith('gzip') ? codecs.gunzip(failing()) : codecs.unzstd(failing()));
      assert.unreachable();
    } catch (error) { assert.is((error as { code?: string }).code, 'EIO'); }
  });
}

test('gzip: filling after the end is ignored', async () => {
  for (const codecs of [nodeCodecs, browserCodecs]) assert.is(digest(await all(codecs.gunzip(source(Buffer.concat([gzipSync(numbers), new Uint8Array(1000)]))))), digest(numbers));
});

test('zstd: frames that are to be skipped, empty frames, and what follows the end', async () => {
  const skip = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
  const empty = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0]);
  const stream = Buffer.concat([skip, ...Array.from({ length: 100 }, () => empty), packedByZstd, skip]);
  for (const piece of [1, 1000]) assert.is(digest(await all(nodeCodecs.unzstd(source(stream, piece)))), digest(numbers));
  assert.is((await all(nodeCodecs.unzstd(source(empty)))).length, 0);
  await refuses(nodeCodecs.unzstd(source(Buffer.concat([packedByZstd, Buffer.from('hello')]))), 'text after the end');
});

test.run();
