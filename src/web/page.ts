// The page: a terminal in front of a worker that runs the machine. Also a small scripting interface, `wherry`, for tests and for other pages.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import type { FromWorker, ToWorker } from './protocol.ts';

interface RunResult { code: number; stdout: string; stderr: string }

/** One worker, one store of images; programs run one after the other. */
class WherryPage {
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #listener: (message: FromWorker) => void = () => {};
  #last: Promise<unknown>;

  constructor() {
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#listener(event.data);
    this.#worker.onerror = (event) => this.#listener({ type: 'error', message: event.message });
    this.#last = this.#until((m) => (m.type === 'ready' ? true : undefined));
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void { this.#worker.postMessage(message, transfer); }

  /** The first message that `pick` maps to something; an error message rejects. */
  #until<T>(pick: (message: FromWorker) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#listener = (message) => {
        if (message.type === 'error') return reject(new Error(message.message));
        const picked = pick(message);
        if (picked !== undefined) resolve(picked);
      };
    });
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Loads a docker archive and gives the names of its images. */
  load(archive: ArrayBuffer): Promise<string[]> {
    return this.#queue(() => {
      const loaded = this.#until((m) => (m.type === 'loaded' ? m.images : undefined));
      this.#send({ type: 'load', archive }, [archive]);
      return loaded;
    });
  }

  /** Runs a command to its end without a terminal. `input` is its standard input. */
  run(image: string, argv: string[], input = ''): Promise<RunResult> {
    return this.#queue(() => {
      const text = { stdout: '', stderr: '' };
      const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
      const ended = this.#until((m) => {
        if (m.type === 'output') text[m.stream] += decoders[m.stream].decode(m.bytes, { stream: true });
        return m.type === 'exit' ? { code: m.code, ...text } : undefined;
      });
      this.#send({ type: 'run', image, argv, tty: null });
      if (input !== '') this.#send({ type: 'input', bytes: new TextEncoder().encode(input) });
      this.#send({ type: 'input', bytes: new Uint8Array(0) });
      return ended;
    });
  }

  /** Runs a command on a terminal of the page. */
  interactive(image: string, argv: string[], terminal: Terminal): Promise<number> {
    return this.#queue(() => {
      const ended = this.#until((m) => {
        if (m.type === 'output') terminal.write(m.bytes);
        return m.type === 'exit' ? { code: m.code } : undefined;
      });
      const encoder = new TextEncoder();
      const subscriptions = [
        terminal.onData((text) => this.#send({ type: 'input', bytes: encoder.encode(text) })),
        terminal.onResize(({ rows, cols }) => this.#send({ type: 'resize', rows, columns: cols })),
      ];
      this.#send({ type: 'run', image, argv, tty: { rows: terminal.rows, columns: terminal.cols } });
      return ended.then(({ code }) => { for (const s of subscriptions) s.dispose(); return code; });
    });
  }
}

declare global { interface Window { wherry: WherryPage; wherryReady: Promise<string[]>; wherryTerminal: Terminal } }

const page = new WherryPage();
window.wherry = page;

async function start(): Promise<string[]> {
  const response = await fetch(new URL('./busybox.tar', import.meta.url));
  if (!response.ok) throw new Error(`busybox.tar: ${response.status} ${response.statusText}`);
  return page.load(await response.arrayBuffer());
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
