// A headless Chromium with the page from a plain static file server, for tests; and what the page offers to scripts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP wherry.test 127.0.0.1'];

/** Debian's package chromium; without it the page cannot be tested. */
export const hasBrowser = existsSync(executablePath);
export const noBrowser = `${executablePath} is not there (Debian package chromium): the page was not tested`;

export interface Result { code: number; stdout: string; stderr: string }
/** The page's globals, as far as tests use them. */
export type Global = {
  wherry: { run(image: string, argv: string[], input?: string, keep?: boolean): Promise<Result & { container: string }>; call(verb: string, ask: object): Promise<unknown> };
  wherryReady: Promise<string[]>;
  wherryTerminal: { buffer: { active: { length: number; getLine(n: number): { translateToString(trim: boolean): string } } } };
  crossOriginIsolated: boolean;
};

export interface Server { readonly address: string; readonly stop: () => void }

/** Serves dist/web and gives its address. */
export function serve(): Promise<Server> {
  const server = spawn(process.execPath, ['tools/web.mjs', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.on('data', (text) => resolve({ address: String(text).trim(), stop: () => { server.kill(); } }));
  });
}

export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args: flags });

/** A browser of a profile on disk, that can be killed like any process. */
export async function launchProfile(profile: string): Promise<{ context: BrowserContext; kill: () => Promise<void> }> {
  const process = spawn(executablePath, [...flags, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => { process.once('exit', () => resolve()); });
  const address = await new Promise<string>((resolve, reject) => {
    let text = '';
    process.stderr.on('data', (data) => {
      text += data;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]!);
    });
    process.once('exit', (code) => reject(new Error(`the browser ended with ${code}: ${text}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  return { context: browser.contexts()[0]!, kill: () => { process.kill('SIGKILL'); return ended; } };
}

/** A page that is ready. Pages of one context share what is stored. */
export async function openPage(context: Browser | BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.evaluate(() => (globalThis as unknown as Global).wherryReady);
  return page;
}

/** Runs a command in a container that is removed. */
export const run = (page: Page, argv: string[], input = '', image = 'busybox'): Promise<Result> =>
  page.evaluate(async ([name, words, text]) => {
    const { code, stdout, stderr } = await (globalThis as unknown as Global).wherry.run(name as string, words as string[], text as string);
    return { code, stdout, stderr };
  }, [image, argv, input] as const);

/** Runs a command in a container that is kept; its id. */
export const runKept = async (page: Page, argv: string[], image = 'busybox'): Promise<string> =>
  page.evaluate(async ([name, words]) => (await (globalThis as unknown as Global).wherry.run(name as string, words as string[], '', true)).container, [image, argv] as const);

/** A call of the worker, as protocol.ts has it. */
export const call = async <T>(page: Page, verb: string, ask: object = {}): Promise<T> =>
  page.evaluate(([name, question]) => (globalThis as unknown as Global).wherry.call(name as string, question as object), [verb, ask] as const) as Promise<T>;

/** Calls `load` with these bytes; the names of the images. */
export const load = (page: Page, bytes: Uint8Array, name = 'archive.tar'): Promise<string[]> =>
  page.evaluate(async ([text, file]) => {
    const binary = atob(text!);
    const archive = new Blob([Uint8Array.from(binary, (c) => c.charCodeAt(0))]);
    return (globalThis as unknown as Global).wherry.call('load', { archive, name: file }) as Promise<string[]>;
  }, [Buffer.from(bytes).toString('base64'), name] as const);

/** A call that answers with a file: its bytes. */
export const bytesOf = async (page: Page, verb: string, ask: object): Promise<Uint8Array> => {
  const text = await page.evaluate(async ([name, question]) => {
    const blob = await (globalThis as unknown as Global).wherry.call(name as string, { ...question as object, into: null }) as Blob;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let binary = '';
    for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    return btoa(binary);
  }, [verb, ask] as const);
  return new Uint8Array(Buffer.from(text, 'base64'));
};
