// The same core in a browser tab: the page from a plain static file server, driven in Debian's headless Chromium. No isolation headers.
import type { Browser, Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Global, hasBrowser, launch, noBrowser, openPage, run, serve, type Server } from './browser.ts';

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

  const open = (query: string): Promise<Page> => openPage(browser, `${server.address}${query}`);

  test('loads the image and runs commands in a worker', async () => {
    const page = await open('?scripted');
    assert.not.ok(await page.evaluate(() => (globalThis as unknown as Global).crossOriginIsolated));
    assert.equal(await run(page, ['echo', 'hello']), { code: 0, stdout: 'hello\n', stderr: '' });
    assert.equal(await run(page, ['sh', '-c', 'sort -n | tail -2; for i in 1 2; do echo $i & done >/dev/null; wait; exit 3'], '3\n10\n2\n'), { code: 3, stdout: '3\n10\n', stderr: '' });
    const sum = await run(page, ['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i; seq 1000 | sha256sum']);
    assert.is(sum.stdout, '20000\n67d4ff71d43921d5739f387da09746f405e425b07d727e4c69d029461d1f051f  -\n');
    assert.equal(await run(page, ['nosuch']), { code: 127, stdout: '', stderr: 'wherry: exec: "nosuch": executable file not found in $PATH\n' });
    await page.close();
  });

  test('gives a shell on the terminal of the page', async () => {
    const page = await open('');
    const screen = (): Promise<string> => page.evaluate(() => {
      const { active } = (globalThis as unknown as Global).wherryTerminal.buffer;
      return Array.from({ length: active.length }, (_, i) => active.getLine(i).translateToString(true)).join('\n');
    });
    const seen = async (pattern: RegExp): Promise<void> => {
      for (let i = 0; i < 300; i++) {
        if (pattern.test(await screen())) return;
        await page.waitForTimeout(100);
      }
      assert.match(await screen(), pattern);
    };
    await seen(/\/ # $/m);
    await page.keyboard.type('tty; stty size; echo $((6*7))\n');
    await seen(/^\/dev\/(pts\/0|console|tty)\n\d+ \d+\n42$/m);
    await page.keyboard.type('sleep 100\n');
    await page.waitForTimeout(500);
    await page.keyboard.press('Control+c');
    await page.keyboard.type('echo rc $?\n');
    await seen(/^rc 130$/m);
    await page.keyboard.type('exit 4\n');
    await seen(/^exit code 4$/m);
    await page.keyboard.type('\n');
    await seen(/wherry start -ai shell\n(.*\n)*\/ # $/m);
    await page.keyboard.type('echo kept >/kept; sync; echo done\n');
    await seen(/^done$/m);
    await page.reload();
    await seen(/^\$ wherry start -ai shell\n(.*\n)*\/ # $/m);
    await page.keyboard.type('cat /kept\n');
    await seen(/^kept$/m);
    await page.close();
  });
} else console.log(noBrowser);

test.run();
