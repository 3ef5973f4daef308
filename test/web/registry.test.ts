// Images from and to registries in a page: those that let it ask, by whatever they want to know, and those that do not.
import { createCipheriv } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addImage, addIndex } from '../registry/images.ts';
import { TestRegistry } from '../registry/server.ts';
import { call, hasBrowser, launch, noBrowser, openPage, serve, type Server } from './browser.ts';

interface Row { id: string; names: string[] }
interface Pulled { id: string; digest: string; isNew: boolean }

if (hasBrowser) {
  let browser: Browser;
  let server: Server;
  let page: Page;

  test.before(async () => {
    server = await serve();
    browser = await launch();
    page = await openPage(await browser.newContext(), `${server.address}?scripted`);
  });
  test.after(async () => {
    await browser.close();
    server.stop();
  });

  const pull = (image: string, credentials: object | null = null): Promise<Pulled> => call(page, 'pull', { image, platform: null, credentials });
  const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', (error: Error) => error.message.split('\n')[0]!);
  const names = async (): Promise<string[]> => (await call<Row[]>(page, 'images')).flatMap((row) => row.names);

  test('a registry that lets pages ask: pulled, checked, run, pushed elsewhere', async () => {
    const registry = await TestRegistry.start({ cors: true });
    try {
      const large = { name: 'large', content: createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(3_000_000)) };
      const remote = await addImage(registry, 'app', 'amd', { layers: [[{ name: 'hello', content: 'world' }], [large]] });
      const index = addIndex(registry, 'app', '1', [[remote, { architecture: 'amd64' }]]);
      assert.equal(await pull(`${registry.host}/app:1`), { id: remote.config, digest: index, isNew: true });
      assert.equal(await pull(`${registry.host}/app:1`), { id: remote.config, digest: index, isNew: false });
      assert.ok((await names()).includes(`${registry.host}/app:1`));
      await call(page, 'run', { image: 'busybox', argv: ['true'], tty: null, remove: false, name: 'made' });
      const id = await call<string>(page, 'commit', { container: 'made', name: `${registry.host}/made:2` });
      const { digest } = await call<{ digest: string }>(page, 'push', { image: `${registry.host}/made:2`, credentials: null });
      const manifest = JSON.parse(registry.manifest('made', '2')!.bytes.toString()) as { config: { digest: string } };
      assert.is(registry.manifest('made', '2')!.digest, digest);
      assert.is(manifest.config.digest, id);
      const wrong = await addImage(registry, 'wrong', '1', { layers: [[large, { name: 'other', content: 'x' }]] });
      registry.blobs.get(wrong.layers[0]!)![1000]! ^= 1;
      assert.match(await failure(pull(`${registry.host}/wrong:1`)), /filesystem layer verification failed for digest/);
      assert.match(await failure(pull(`${registry.host}/none:1`)), /manifest for .*\/none:1 not found: manifest unknown/);
    } finally { registry.stop(); }
  });

  for (const kind of ['basic', 'bearer'] as const) {
    test(`a registry that asks who asks: ${kind}`, async () => {
      const registry = await TestRegistry.start({ cors: true, auth: { kind, users: { alice: 's3cret' } } });
      try {
        const remote = await addImage(registry, 'app', kind);
        assert.match(await failure(pull(`${registry.host}/app:${kind}`)), /no basic auth credentials|unauthorized/);
        assert.is((await pull(`${registry.host}/app:${kind}`, { username: 'alice', password: 's3cret' })).digest, remote.digest);
      } finally { registry.stop(); }
    });
  }

  test('a registry that lets no page ask, and nobody: told what it takes', async () => {
    const registry = await TestRegistry.start();
    const { host } = registry;
    try {
      await addImage(registry, 'app', '1');
      assert.match(await failure(pull(`${host}/app:1`)), new RegExp(`the browser gives no answer of http://${host}: nobody answers there, or ${host} does not let pages of http://127\\.0\\.0\\.1:\\d+ read its answers: .*Access-Control-Allow-Origin.*\\(CORS\\)`));
    } finally { registry.stop(); }
    assert.match(await failure(pull(`${host}/app:1`)), /the browser gives no answer of/);
  });

  test('the panel pulls, shows what came, and asks for a password', async () => {
    const registry = await TestRegistry.start({ cors: true, auth: { kind: 'basic', users: { alice: 's3cret' } } });
    try {
      await addImage(registry, 'panel', '1');
      const said: string[] = [];
      page.on('dialog', (dialog) => { void dialog.accept(['alice', 's3cret'][said.push(dialog.message()) - 1]); });
      await page.fill('#name', `${registry.host}/panel:1`);
      await page.click('#pull button');
      await page.waitForFunction(() => (globalThis as unknown as { document: { querySelector(name: string): { textContent: string } } }).document.querySelector('#notice').textContent.startsWith('Pulled'), undefined, { timeout: 60_000 });
      assert.is(said.length, 2);
      assert.ok((await page.textContent('#images'))!.includes(`${registry.host}/panel:1`));
    } finally { registry.stop(); }
  });
} else console.log(noBrowser);

test.run();
