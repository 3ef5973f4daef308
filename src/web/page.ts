// The page: a terminal and a panel in front of a worker that runs the machine. Also a small scripting interface, `wherry`, for tests and for other pages.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { Client } from './client.ts';
import { Panel } from './panel.ts';
import type { Answer, Ask, ImageRow, Verb } from './protocol.ts';
import { Session } from './session.ts';

interface RunResult { code: number; stdout: string; stderr: string; container: string }

const client = new Client(new URL('./worker.js', import.meta.url));

/** For scripts: every call of the worker, and programs without a terminal. */
const wherry = {
  call: <V extends Verb>(verb: V, ask: Ask<V>): Promise<Answer<V>> => client.call(verb, ask),

  /** Runs a command to its end. `input` is its standard input; the container is removed unless it is to be kept. */
  async run(image: string, argv: string[], input = '', keep = false): Promise<RunResult> {
    const text = { stdout: '', stderr: '' };
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    const ended = await client.run('run', { image, argv, tty: null, remove: !keep }, (stream, bytes) => { text[stream] += decoders[stream].decode(bytes, { stream: true }); }, () => {
      if (input !== '') client.send({ type: 'input', bytes: new TextEncoder().encode(input) });
      client.send({ type: 'input', bytes: new Uint8Array(0) });
    });
    return { code: ended.code, ...text, container: ended.container };
  },
};

declare global { interface Window { wherry: typeof wherry; wherryReady: Promise<string[]>; wherryTerminal: Terminal } }

/** The images that there are; the first time, the embedded one is loaded. */
async function start(): Promise<readonly ImageRow[]> {
  const images = await client.call('images', {});
  if (images.length > 0) return images;
  const response = await fetch(new URL('./busybox.tar', import.meta.url));
  if (!response.ok) throw new Error(`busybox.tar: ${response.status} ${response.statusText}`);
  await client.call('load', { archive: await response.blob(), name: 'busybox.tar' });
  return client.call('images', {});
}

const nameOf = ({ names, id }: ImageRow): string => names[0] ?? id;

const terminal = new Terminal({ cursorBlink: true, fontSize: 14 });
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(document.querySelector<HTMLElement>('#terminal')!);
fit.fit();
terminal.focus();
window.addEventListener('resize', () => fit.fit());

const session = new Session(client, terminal, () => { void panel.refresh(); });
const panel = new Panel(client, session);
const started = start();
window.wherry = wherry;
window.wherryTerminal = terminal;
window.wherryReady = started.then((images) => images.map(nameOf));

/** The container that a page begins with: as it was when there was one before. */
const SHELL = 'shell';

async function beginShell(image: ImageRow | undefined): Promise<void> {
  const containers = await client.call('containers', {});
  if (containers.some(({ name }) => name === SHELL)) session.wish({ container: SHELL });
  else if (image) session.wish({ name: SHELL, image: nameOf(image), argv: image.command.length > 0 ? [] : ['sh'] });
}

const scripted = new URLSearchParams(location.search).has('scripted');
started.then(async ([image]) => {
  await panel.refresh();
  if (scripted) return;
  await beginShell(image);
  await session.loop();
}).catch((error: unknown) => terminal.writeln(`\x1b[31m${String(error)}\x1b[0m`));
