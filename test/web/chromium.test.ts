// The same core in a browser tab: the page from a plain static file server, driven in Debian's headless Chromium. No isolation headers.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const executablePath = '/usr/bin/chromium';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

interface Result { code: number; stdout: string; stderr: string }
type Global = { wherry: { run(image: string, argv: string[], input?: string): Promise<Result> }; wherryReady: Promise<string[]>; wherryTerminal: { buffer: { active: { length: number; getLine(n: number): { translateToString(trim: boolean): string } } } }; crossOriginIsolated: boolean };

/** Serves dist/web and gives its address. */
function serve(): Promise<{ address: string; stop: () => void }> {
  const server = spawn(process.execPath, ['tools/web.mjs', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.on('data', (text) => resolve({ address: String(text).trim(), stop: () => { server.kill(); } }));
  });
}

if (existsSync(executablePath)) {
  let browser: Browser;
  let server: { address: string; stop: () => void };

  test.before(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath, args: flags });
  });
  test.after(async () => {
    await browser.close();
    server.stop();
  });

  const open = async (query: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${server.address}${query}`);
    await page.evaluate(() => (globalThis as unknown as Global).wherryReady);
    return page;
  };
  const run = (page: Page, argv: string[], input = ''): Promise<Result> =>
    page.evaluate(([words, text]) => (globalThis as unknown as Global).wherry.run('busybox', words as string[], text as string), [argv, input] as const);

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
    await page.close();
  });
} else console.log(`${executablePath} is not there (Debian package chromium): the page was not tested`);

test.run();
