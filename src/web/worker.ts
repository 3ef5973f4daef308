// The worker behind the page: a store in memory and one machine at a time. It talks to the page in the messages of protocol.ts.
import { createContainer, Images } from '../engine/index.ts';
import { browserHost } from '../host/browser/host.ts';
import { browserCodecs, MemoryFolder } from '../host/browser/store.ts';
import type { Streams, Tty } from '../host/ports.ts';
import { createCpu } from '../translate/index.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

const scope = self as unknown as { postMessage(message: FromWorker): void; onmessage: ((event: MessageEvent<ToWorker>) => void) | null };

const host = browserHost();
const images = new Images(new MemoryFolder(), browserCodecs);
const cpuReady = fetch(new URL('./hub.wasm', import.meta.url)).then(async (response) => createCpu({
  ...(response.ok ? { hub: new Uint8Array(await response.arrayBuffer()) } : {}),
  nowMs: () => performance.now(),
  timestamp: () => host.clock.monotonicNs(),
}));

/** Input of the program that runs now; what comes before its consumer is there waits. An empty piece is the end of input. */
class Input {
  #consumer: ((bytes: Uint8Array | null) => void) | undefined;
  readonly #early: Uint8Array[] = [];

  consume(consumer: (bytes: Uint8Array | null) => void): void {
    this.#consumer = consumer;
    for (const bytes of this.#early.splice(0)) this.push(bytes);
  }
  push(bytes: Uint8Array): void {
    if (this.#consumer) this.#consumer(bytes.length === 0 ? null : bytes);
    else this.#early.push(bytes);
  }
}

let input = new Input();
let size = { rows: 24, columns: 80 };
let resized: () => void = () => {};

const output = (stream: 'stdout' | 'stderr') => (bytes: Uint8Array): void => { scope.postMessage({ type: 'output', stream, bytes }); };

const streams = (): Streams => ({ stdout: output('stdout'), stderr: output('stderr'), stdin: (consumer) => { input.consume(consumer); } });

const tty = (): Tty => ({
  write: output('stdout'),
  input: (consumer) => { input.consume((bytes) => { if (bytes) consumer(bytes); }); },
  size: () => size,
  onResize: (listener) => { resized = listener; },
});

async function load(archive: ArrayBuffer): Promise<void> {
  const source = async function* (): AsyncGenerator<Uint8Array> { yield new Uint8Array(archive); };
  const loaded = await images.store.load(source(), 'the archive');
  scope.postMessage({ type: 'loaded', images: loaded.flatMap(({ image, names }) => (names.length > 0 ? names : [image.id])) });
}

async function run(message: ToWorker & { type: 'run' }): Promise<void> {
  const image = images.store.resolve(message.image);
  if (!image) throw new Error(`Unable to find image '${message.image}' locally`);
  if (message.tty) size = message.tty;
  const { machine } = createContainer({ images, host, cpu: await cpuReady, io: message.tty ? { tty: tty() } : { streams: streams() } }, image,
    { command: message.argv, env: [], tty: message.tty !== null, callerEnv: {} });
  const exit = await machine.run();
  input = new Input();
  resized = () => {};
  scope.postMessage({ type: 'exit', code: 'code' in exit ? exit.code : 128 + exit.signal });
}

/** What a failure means to the program's exit code, as on the command line. */
function fail(error: unknown, running: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { exitCode?: number }).exitCode;
  input = new Input();
  if (!running || code === undefined) return scope.postMessage({ type: 'error', message });
  output('stderr')(new TextEncoder().encode(`wherry: ${message}\n`));
  scope.postMessage({ type: 'exit', code });
}

const handlers: { readonly [T in ToWorker['type']]: (message: ToWorker & { type: T }) => void } = {
  load: (message) => { load(message.archive).catch((error: unknown) => fail(error, false)); },
  run: (message) => { run(message).catch((error: unknown) => fail(error, true)); },
  input: (message) => { input.push(message.bytes); },
  resize: (message) => { size = { rows: message.rows, columns: message.columns }; resized(); },
};

scope.onmessage = ({ data }) => { (handlers[data.type] as (message: ToWorker) => void)(data); };
cpuReady.then(() => scope.postMessage({ type: 'ready' }), (error: unknown) => fail(error, false));
