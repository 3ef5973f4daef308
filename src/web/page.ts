// The page: a terminal in front of a worker that runs the machine. Also a small scripting interface, `wherry`, for tests and for other pages.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { Client } from './client.ts';
import type { Answer, Ask, Verb } from './protocol.ts';

interface RunResult { code: number; stdout: string; stderr: string }

class WherryPage {
  readonly client = new Client(new URL('./worker.js', import.meta.url));

  call<V extends Verb>(verb: V, ask: Ask<V>): Promise<Answer<V>> { return this.client.call(verb, ask); }

  /** Runs a command to its end without a terminal. `input` is its standard input. */
  async run(image: string, argv: string[], input = ''): Promise<RunResult> {
    const text = { stdout: '', stderr: '' };
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    const { code } = await this.client.run({ image, argv, tty: null }, (stream, bytes) => { text[stream] += decoders[stream].decode(bytes, { stream: true }); }, () => {
      if (input !== '') this.client.send({ type: 'input', bytes: new TextEncoder().encode(input) });
      this.client.send({ type: 'input', bytes: new Uint8Array(0) });
    });
    return { code, ...text };
  }

  /** Runs a command on a terminal of the page. */
  async interactive(image: string, argv: string[], terminal: Terminal): Promise<number> {
    const encoder = new TextEncoder();
    const subscriptions = [
      terminal.onData((text) => this.client.send({ type: 'input', bytes: encoder.encode(text) })),
      terminal.onResize(({ rows, cols }) => this.client.send({ type: 'resize', rows, columns: cols })),
    ];
    try {
      return (await this.client.run({ image, argv, tty: { rows: terminal.rows, columns: terminal.cols } }, (_, bytes) => terminal.write(bytes))).code;
    } finally { for (const s of subscriptions) s.dispose(); }
  }
}

declare global { interface Window { wherry: WherryPage; wherryReady: Promise<string[]>; wherryTerminal: Terminal } }

const page = new WherryPage();
window.wherry = page;

/** The names of the images that there are; the first time, the embedded image is loaded. */
async function start(): Promise<string[]> {
  const images = await page.call('images', {});
  if (images.length > 0) return images.map(({ names, id }) => names[0] ?? id);
  const response = await fetch(new URL('./busybox.tar', import.meta.url));
  if (!response.ok) throw new Error(`busybox.tar: ${response.status} ${response.statusText}`);
  return [...await page.call('load', { archive: await response.blob(), name: 'busybox.tar' })];
}

const terminal = new Terminal({ cursorBlink: true, fontSize: 14 });
window.wherryTerminal = terminal;
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(document.querySelector<HTMLElement>('#terminal')!);
fit.fit();
terminal.focus();
window.addEventListener('resize', () => fit.fit());

window.wherryReady = start();
const scripted = new URLSearchParams(location.search).has('scripted');
window.wherryReady.then(async ([image]) => {
  if (scripted || image === undefined) return;
  for (;;) {
    terminal.writeln(`\x1b[2m$ wherry run --rm -it ${image} sh\x1b[0m`);
    const code = await page.interactive(image, ['sh'], terminal);
    terminal.writeln(`\r\n\x1b[2mexit code ${code}\x1b[0m`);
  }
}).catch((error: unknown) => terminal.writeln(`\x1b[31m${String(error)}\x1b[0m`));
