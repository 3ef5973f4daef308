// The store of a page: images outlive a reload; another tab, a browser without files and a full disk are told clearly; a tab that is killed while it loads leaves a whole store.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomNumbers } from '../host/faulty-disk.ts';
import { archiveOf, memoryStore, source } from '../oci/archives.ts';
import { bytesOf, call, type Global, hasBrowser, launch, launchProfile, load, noBrowser, openPage, run, runKept, serve, type Server } from './browser.ts';

interface Row { id: string; names: string[]; sizeBytes: number; command: string[] }
interface State { kept: boolean; why: string }

/** Bytes that do not compress, the same for the same seed. */
function noise(length: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length }, () => random(256));
}

const archive = (name: string, bytes: Uint8Array): Promise<Uint8Array> => archiveOf({ tags: [name], layers: [[{ name: 'noise', content: bytes }]], config: { Cmd: ['/noise'] } });

if (hasBrowser) {
  let browser: Browser;
  let server: Server;

  test.before(async () => {
    server = await serve();
    browser = await launch();
  });
  test.after(async () => {
    await browser.close();
    server.stop();
  });

  const open = (context: BrowserContext): Promise<Page> => openPage(context, `${server.address}?scripted`);

  test('images are still there after a reload, in another tab afterwards, and run', async () => {
    const context = await browser.newContext();
    let fetched = 0;
    await context.route('**/busybox.tar', (route) => { fetched++; return route.continue(); });
    const page = await open(context);
    assert.equal(await call<State>(page, 'store'), { kept: true, why: '' });
    assert.equal(await load(page, await archive('other:1', noise(3_000_000, 1))), ['other:1']);
    await page.reload();
    await page.evaluate(() => (globalThis as unknown as Global).wherryReady);
    const rows = await call<Row[]>(page, 'images');
    assert.equal(rows.flatMap((row) => row.names).sort(), ['busybox:latest', 'other:1']);
    assert.equal(rows.find((row) => row.names[0] === 'other:1')!.command, ['/noise']);
    assert.equal(await run(page, ['echo', 'again']), { code: 0, stdout: 'again\n', stderr: '' });
    await page.close();
    const next = await open(context);
    assert.equal(await call<State>(next, 'store'), { kept: true, why: '' });
    assert.is((await call<Row[]>(next, 'images')).length, 2);
    assert.is(fetched, 1, 'the embedded image is fetched once');
    await context.close();
  });

  test('rmi takes an image away, for good', async () => {
    const context = await browser.newContext();
    const page = await open(context);
    await load(page, await archive('gone:1', noise(100_000, 2)));
    const lines = await call<string[]>(page, 'remove', { image: 'gone:1', force: false });
    assert.is(lines[0], 'Untagged: gone:1');
    assert.match(lines[1]!, /^Deleted: sha256:/);
    await page.reload();
    await page.evaluate(() => (globalThis as unknown as Global).wherryReady);
    assert.equal((await call<Row[]>(page, 'images')).flatMap((row) => row.names), ['busybox:latest']);
    assert.match(await call<string>(page, 'remove', { image: 'gone:1', force: false }).catch(String), /No such image: gone:1/);
    await context.close();
  });

  test('packed archives, and those that cannot be loaded: one clear line, nothing left', async () => {
    const context = await browser.newContext();
    const page = await open(context);
    const plain = await archive('packed:1', noise(300_000, 4));
    assert.equal(await load(page, gzipSync(plain)), ['packed:1']);
    const zstd = spawnSync('zstd', ['-c'], { input: await archive('packed:2', noise(300_000, 5)), maxBuffer: 1 << 24 });
    if (zstd.status === 0) assert.equal(await load(page, zstd.stdout), ['packed:2']);
    const before = (await call<Row[]>(page, 'images')).length;
    const gzip = gzipSync(await archive('bad:1', noise(300_000, 6)));
    const bad: readonly [string, Uint8Array, RegExp][] = [
      ['cut', gzip.subarray(0, gzip.length - 1000), /cut\.tar: damaged or truncated/], ['text', Buffer.from('hello'), /text\.tar: not a tar archive/], ['empty', new Uint8Array(0), /empty\.tar: /],
      ['flipped', gzip.map((byte, i) => (i === 150_000 ? byte ^ 1 : byte)), /flipped\.tar: (damaged|layer .* does not match)/],
    ];
    for (const [name, bytes, error] of bad) assert.match(String(await load(page, bytes, `${name}.tar`).catch((e: Error) => e.message.split('\n')[0])), error);
    assert.is((await call<Row[]>(page, 'images')).length, before);
    await context.close();
  });

  test('a second tab is told that the store is open, and works in memory', async () => {
    const context = await browser.newContext();
    const first = await open(context);
    const second = await open(context);
    assert.equal(await call<State>(second, 'store'), { kept: false, why: 'the store is open in another tab' });
    assert.is((await run(second, ['echo', 'two'])).stdout, 'two\n');
    assert.is((await run(first, ['echo', 'one'])).stdout, 'one\n');
    await context.close();
  });

  test('a browser that keeps no files: a store in memory, and why', async () => {
    const context = await browser.newContext();
    await context.route('**/worker.js', async (route) => {
      const response = await route.fetch();
      return route.fulfill({ response, body: `delete StorageManager.prototype.getDirectory;\n${await response.text()}` });
    });
    const page = await open(context);
    const state = await call<State>(page, 'store');
    assert.not.ok(state.kept);
    assert.match(state.why, /keeps no files/);
    assert.equal(await run(page, ['sh', '-c', 'ls /bin | wc -l; echo done']).then((r) => r.stdout.split('\n')[1]), 'done');
    await page.reload();
    await page.evaluate(() => (globalThis as unknown as Global).wherryReady);
    assert.is((await call<Row[]>(page, 'images')).length, 1, 'loaded anew');
    await context.close();
  });

  test('an origin that is not secure has no files and no locks: a store in memory', async () => {
    const context = await browser.newContext();
    const page = await openPage(context, `${server.address.replace('127.0.0.1', 'wherry.test')}?scripted`);
    assert.not.ok(await page.evaluate(() => (globalThis as unknown as { isSecureContext: boolean }).isSecureContext));
    assert.match((await call<State>(page, 'store')).why, /keeps no files/);
    assert.is((await run(page, ['echo', 'fine'])).stdout, 'fine\n');
    await context.close();
  });

  test('storage that is full is said so, and loses nothing', async () => {
    const context = await browser.newContext();
    const page = await open(context);
    const devtools = await context.newCDPSession(page);
    const origin = new URL(server.address).origin;
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 4_000_000 });
    const error = await load(page, await archive('large:1', noise(8_000_000, 3))).catch(String);
    assert.match(String(error), /no space left: the browser gives this page no more storage/);
    assert.equal((await call<Row[]>(page, 'images')).flatMap((row) => row.names), ['busybox:latest']);
    assert.is((await run(page, ['echo', 'fine'])).stdout, 'fine\n');
    // A container learns it as ENOSPC; it ends as it should, and what it synced is there.
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 8_000_000 });
    const container = await runKept(page, ['sh', '-c', 'echo 1 >/first; sync; said=$(dd if=/dev/urandom of=/big bs=1M count=20 2>&1); rm /big; echo "$said" >/second; sync /second; exit 7']);
    const [row] = await call<{ id: string; status: string; exitCode: number }[]>(page, 'containers');
    assert.equal([row!.id, row!.status, row!.exitCode], [container, 'exited', 7]);
    assert.equal((await call<string[]>(page, 'diff', { container })).sort(), ['A /first', 'A /second']);
    assert.match(Buffer.from(await bytesOf(page, 'export', { container })).toString('latin1'), /error writing '\/big': No space left on device/);
    await call(page, 'removeContainer', { container });
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    assert.equal(await load(page, await archive('large:1', noise(8_000_000, 3))), ['large:1']);
    await context.close();
  });

  test('a tab that is closed or crashes while it loads leaves a whole store, 12 times', async () => {
    const context = await browser.newContext();
    const bytes = await archiveOf({ tags: ['victim:1'], layers: [1, 2].map((seed) => [{ name: `noise${seed}`, content: noise(1_500_000, seed) }]) });
    const outcomes: string[] = [];
    for (let round = 0; round < 12; round++) {
      const page = await open(context);
      const loading = load(page, bytes).catch(() => {});
      await page.waitForTimeout(round * 15);
      if (round % 2 === 0) await page.close();
      else {
        const devtools = await context.newCDPSession(page);
        devtools.send('Page.crash').catch(() => {});
        await page.waitForEvent('crash');
        await page.close();
      }
      await loading;
      const after = await open(context);
      assert.equal(await call<State>(after, 'store'), { kept: true, why: '' }, `round ${round}`);
      assert.is((await run(after, ['echo', 'whole'])).stdout, 'whole\n');
      const there = (await call<Row[]>(after, 'images')).flatMap((row) => row.names);
      outcomes.push(there.join());
      assert.ok(['busybox:latest', 'busybox:latest,victim:1'].includes(there.sort().join()), `round ${round}: ${there.join()}`);
      // The store of Node checks every digest.
      const [saved] = await memoryStore().images.store.load(source(await bytesOf(after, 'save', { images: there }), 100_000), 'saved.tar');
      assert.equal(saved!.names, ['busybox:latest']);
      if (there.length > 1) await call(after, 'remove', { image: 'victim:1', force: false });
      await after.close();
    }
    assert.ok(outcomes.some((names) => !names.includes('victim')), 'no load was cut short');
    await context.close();
  });

  test('a browser that is killed while it loads, on a profile on disk, 4 times', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'wherry-profile-'));
    const bytes = await archive('victim:1', noise(4_000_000, 7));
    try {
      for (let round = 0; round <= 4; round++) {
        const { context, kill } = await launchProfile(profile);
        try {
          const page = await open(context);
          assert.equal(await call<State>(page, 'store'), { kept: true, why: '' }, `round ${round}`);
          assert.is((await run(page, ['echo', 'whole'])).stdout, 'whole\n');
          const there = (await call<Row[]>(page, 'images')).flatMap((row) => row.names);
          await memoryStore().images.store.load(source(await bytesOf(page, 'save', { images: there }), 100_000), 'saved.tar');
          if (there.length > 1) await call(page, 'remove', { image: 'victim:1', force: false });
          load(page, bytes).catch(() => {});
          await page.waitForTimeout(40 + 60 * round);
        } finally { await kill(); }
      }
    } finally { rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); }
  });
} else console.log(noBrowser);

test.run();
