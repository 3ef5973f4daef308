// Containers of a page: what changed, an image made of one, archives that leave the page and that other tools read, and the panel's buttons.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryStore, source } from '../oci/archives.ts';
import { bytesOf, call, type Global, hasBrowser, launch, noBrowser, openPage, run, runKept, serve, type Server } from './browser.ts';

const tool = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

/** The tar's names and types, as GNU tar lists them. */
function listOf(tar: Uint8Array): string[] {
  const { stdout, status } = spawnSync('tar', ['tf', '-'], { input: tar, maxBuffer: 1 << 28 });
  assert.is(status, 0);
  return String(stdout).split('\n').filter(Boolean);
}

if (hasBrowser) {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let server: Server;
  const folder = mkdtempSync(join(tmpdir(), 'wherry-web-'));

  test.before(async () => {
    server = await serve();
    browser = await launch();
    context = await browser.newContext();
    page = await openPage(context, `${server.address}?scripted`);
  });
  test.after(async () => {
    await browser.close();
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('diff, commit and a container of the new image', async () => {
    const container = await runKept(page, ['sh', '-c', 'echo new >/etc/new; rm /bin/vi; mkdir -p /srv/a; ln -s new /etc/link; chmod 600 /etc/passwd; echo >/srv/a/ü']);
    const lines = await call<string[]>(page, 'diff', { container });
    for (const line of ['A /etc/new', 'A /etc/link', 'C /etc/passwd', 'C /etc', 'D /bin/vi', 'A /srv/a', 'A /srv/a/ü']) assert.ok(lines.includes(line), `${line} in ${lines.join(', ')}`);
    const id = await call<string>(page, 'commit', { container, name: 'made:1' });
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await run(page, ['sh', '-c', 'cat /etc/link; ls /bin/vi; stat -c %a /etc/passwd'], '', 'made:1').then(({ stdout, code }) => [stdout, code]), ['new\n600\n', 0]);
    assert.match(await call<string>(page, 'remove', { image: 'made:1', force: false }).then(String), /^Untagged: made:1/);
    await call(page, 'removeContainer', { container });
    assert.equal(await call(page, 'containers'), []);
  });

  test('a container is started again with what it changed', async () => {
    const container = await runKept(page, ['sh', '-c', 'echo x >>/count; wc -l </count >>/seen; exit 3']);
    const again = await call<{ code: number }>(page, 'start', { container, tty: null });
    assert.is(again.code, 3);
    const [row] = await call<{ id: string; status: string; exitCode: number; image: string }[]>(page, 'containers');
    assert.equal([row!.id, row!.status, row!.exitCode, row!.image], [container, 'exited', 3, 'busybox']);
    const tar = await bytesOf(page, 'export', { container });
    writeFileSync(join(folder, 'export.tar'), tar);
    assert.is(String(spawnSync('tar', ['xOf', join(folder, 'export.tar'), 'seen']).stdout), '1\n2\n');
    assert.ok(listOf(tar).includes('bin/sh'));
    await call(page, 'removeContainer', { container });
  });

  test('a container that is kept is there after a reload, and after a tab that crashed while it ran', async () => {
    const own = await browser.newContext();
    const tab = await openPage(own, `${server.address}?scripted`);
    const container = await runKept(tab, ['sh', '-c', 'echo x >>/count; test $(wc -l </count) = 2']);
    await tab.reload();
    await tab.evaluate(() => (globalThis as unknown as Global).wherryReady);
    assert.is((await call<{ code: number }>(tab, 'start', { container, tty: null })).code, 0, 'the second line');
    assert.ok((await call<string[]>(tab, 'diff', { container })).includes('A /count'));
    await call(tab, 'commit', { container, name: 'counted' });
    runKept(tab, ['sh', '-c', 'echo x >>/count; sync; touch /synced; sleep 100'], 'counted').catch(() => {});
    const running = async (): Promise<{ id: string; status: string; exitCode: number } | undefined> => (await call<{ id: string; status: string; exitCode: number; image: string }[]>(tab, 'containers')).find((row) => row.image === 'counted');
    let id = '';
    for (let i = 0; i < 300 && id === ''; i++) {
      const found = await running();
      if (found?.status === 'running' && (await call<string[]>(tab, 'diff', { container: found.id })).includes('A /synced')) id = found.id;
    }
    assert.is.not(id, '');
    (await own.newCDPSession(tab)).send('Page.crash').catch(() => {});
    await tab.waitForEvent('crash');
    const after = await openPage(own, `${server.address}?scripted`);
    const [row] = (await call<{ id: string; status: string; exitCode: number }[]>(after, 'containers')).filter((one) => one.id === id);
    assert.equal([row!.status, row!.exitCode], ['exited', 137]);
    await call(after, 'commit', { container: id, name: 'crashed' });
    assert.is((await run(after, ['sh', '-c', 'wc -l </count'], '', 'crashed')).stdout, '3\n');
    await own.close();
  });

  test('what the page saves is loaded by the store of Node, byte for byte, and by skopeo', async () => {
    const container = await runKept(page, ['sh', '-c', 'echo saved >/saved']);
    await call(page, 'commit', { container, name: 'saved:1' });
    const archive = await bytesOf(page, 'save', { images: ['busybox', 'saved:1'] });
    const { images } = memoryStore();
    const loaded = await images.store.load(source(archive, 100_000), 'saved.tar');
    assert.equal(loaded.flatMap(({ names }) => names), ['busybox:latest', 'saved:1']);
    assert.is(loaded[1]!.image.layers.length, loaded[0]!.image.layers.length + 1);
    const { stdout } = spawnSync('tar', ['xOf', 'images/busybox.tar', 'manifest.json']);
    const [{ Config }] = JSON.parse(String(stdout)) as [{ Config: string }];
    assert.ok(Config.includes(loaded[0]!.image.id.slice(7)), 'the image has the id it came with');
    if (!tool('skopeo')) return;
    writeFileSync(join(folder, 'saved.tar'), archive);
    const { stderr, status } = spawnSync('skopeo', ['copy', '--insecure-policy', `docker-archive:${join(folder, 'saved.tar')}:saved:1`, `oci:${join(folder, 'layout')}:saved`]);
    assert.is(status, 0, String(stderr));
  });

  test('the panel: load a file, save and remove an image, changes and commit of a container', async () => {
    const { archiveOf } = await import('../oci/archives.ts');
    const file = join(folder, 'panel.tar');
    writeFileSync(file, await archiveOf({ tags: ['panel:1'], layers: [[{ name: 'hello', content: 'panel' }]], config: { Cmd: ['/hello'] } }));
    const shown = await context.browser()!.newContext({ acceptDownloads: true });
    await shown.addInitScript(() => { delete (globalThis as { showSaveFilePicker?: unknown }).showSaveFilePicker; });
    const panel = await shown.newPage();
    panel.on('dialog', (dialog) => { void dialog.accept('panelled:2'); });
    await panel.goto(`${server.address}?scripted`);
    const images = panel.locator('#images li');
    await images.filter({ hasText: 'busybox:latest' }).waitFor();
    const [chooser] = await Promise.all([panel.waitForEvent('filechooser'), panel.getByText('Load…').click()]);
    await chooser.setFiles(file);
    await images.filter({ hasText: 'panel:1' }).waitFor();
    const [download] = await Promise.all([panel.waitForEvent('download'), images.filter({ hasText: 'panel:1' }).getByText('Save').click()]);
    assert.is(download.suggestedFilename(), 'panel_1.tar');
    assert.ok(listOf(readFileSync(await download.path())).includes('manifest.json'));
    await images.filter({ hasText: 'panel:1' }).getByText('✕').click();
    await images.filter({ hasText: 'panel:1' }).waitFor({ state: 'detached' });
    await runKept(panel, ['touch', '/touched']);
    await panel.setInputFiles('#file', file);
    const container = panel.locator('#containers li').filter({ hasText: 'busybox' });
    await container.getByText('Changes').click();
    await panel.locator('#changes').filter({ hasText: 'A /touched' }).waitFor();
    await container.getByText('Commit').click();
    await images.filter({ hasText: 'panelled:2' }).waitFor();
    await images.filter({ hasText: 'busybox:latest' }).getByText('✕').click();
    await panel.locator('#notice').filter({ hasText: /conflict: unable to remove/ }).waitFor();
    await panel.getByText('Delete all').click();
    await images.filter({ hasText: 'panelled:2' }).waitFor({ state: 'detached' });
    await images.filter({ hasText: 'busybox:latest' }).waitFor();
    assert.is(await images.count(), 1, 'only the embedded image, loaded anew');
    await shown.close();
  });
} else console.log(noBrowser);

test.run();
