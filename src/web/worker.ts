// The worker behind the page: the store of images, and one machine at a time. It answers the calls of protocol.ts.
import { createContainer, Images } from '../engine/index.ts';
import { browserHost } from '../host/browser/host.ts';
import { openBrowserStore } from '../host/browser/opfs.ts';
import { browserCodecs } from '../host/browser/store.ts';
import { familiarName, type Image, parseReference, type Removed } from '../oci/index.ts';
import { createCpu } from '../translate/index.ts';
import { Program } from './program.ts';
import type { Answer, Ask, FromWorker, ImageRow, StoreState, ToWorker, Verb } from './protocol.ts';

const scope = self as unknown as { postMessage(message: FromWorker): void; onmessage: ((event: MessageEvent<ToWorker>) => void) | null };

const host = browserHost();
const cpuReady = fetch(new URL('./hub.wasm', import.meta.url)).then(async (response) => createCpu({
  ...(response.ok ? { hub: new Uint8Array(await response.arrayBuffer()) } : {}),
  nowMs: () => performance.now(),
  timestamp: () => host.clock.monotonicNs(),
}));
const ready = openBrowserStore().then(({ folder, kept, why }) => ({ images: new Images(folder, browserCodecs), state: { kept, why } }));

const newProgram = (): Program => new Program((stream, bytes) => scope.postMessage({ type: 'output', stream, bytes }));
/** The one that runs, or the next: input may come before it is started. */
let program = newProgram();

type Tell = (bytes: number, total: number) => void;
interface Context { readonly images: Images; readonly state: StoreState }

/** Progress is told so often, in bytes. */
const TELL_BYTES = 1 << 20;

/** A file's bytes, telling how far they were read. */
async function* piecesOf(file: Blob, tell: Tell): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  let done = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const before = done;
    done += part.value.length;
    if (Math.floor(before / TELL_BYTES) !== Math.floor(done / TELL_BYTES)) tell(done, file.size);
    yield part.value;
  }
}

const rowOf = ({ id, names, size, created, config }: Image): ImageRow => ({
  id, names: names.map((name) => familiarName(parseReference(name))), sizeBytes: size, created, command: [...config.config?.Entrypoint ?? [], ...config.config?.Cmd ?? []],
});

const lineOf = (removed: Removed): string => ('untagged' in removed ? `Untagged: ${removed.untagged}` : `Deleted: ${removed.deleted}`);

/** How a program that could not be started ends: as on the command line, with a line on its standard error. */
async function run({ images }: Context, { image: name, argv, tty }: Ask<'run'>): Promise<Answer<'run'>> {
  const mine = program;
  try {
    const image = images.store.find(name);
    const { machine } = createContainer({ images, host, cpu: await cpuReady, io: mine.io(tty) }, image, { command: argv, env: [], tty: tty !== null, callerEnv: {} });
    return { code: await mine.run(machine) };
  } catch (error) {
    const code = (error as { exitCode?: number }).exitCode;
    if (code === undefined) throw error;
    scope.postMessage({ type: 'output', stream: 'stderr', bytes: new TextEncoder().encode(`wherry: ${(error as Error).message}\n`) });
    return { code };
  } finally { program = newProgram(); }
}

const verbs: { readonly [V in Verb]: (context: Context, ask: Ask<V>, tell: Tell) => Answer<V> | Promise<Answer<V>> } = {
  store: ({ state }) => state,
  images: ({ images }) => images.store.images().map(rowOf),
  load: async ({ images }, { archive, name }, tell) => (await images.store.load(piecesOf(archive, tell), name)).flatMap(({ image, names }) => (names.length > 0 ? names : [image.id])),
  remove: ({ images }, { image, force }) => images.store.remove(image, { force }).map(lineOf),
  run,
};

async function answer({ id, verb, ask }: ToWorker & { type: 'call' }): Promise<void> {
  try {
    const work = verbs[verb] as (context: Context, ask: Ask<Verb>, tell: Tell) => Answer<Verb> | Promise<Answer<Verb>>;
    scope.postMessage({ type: 'answer', id, answer: await work(await ready, ask, (bytes, total) => scope.postMessage({ type: 'progress', id, bytes, total })) });
  } catch (error) {
    scope.postMessage({ type: 'error', id, message: error instanceof Error ? error.message : String(error), code: (error as { code?: string }).code });
  }
}

const handlers: { readonly [T in ToWorker['type']]: (message: ToWorker & { type: T }) => void } = {
  call: (message) => { void answer(message); },
  input: ({ bytes }) => program.input(bytes),
  resize: ({ rows, columns }) => program.resize({ rows, columns }),
  signal: ({ signo }) => program.signal(signo),
};

scope.onmessage = ({ data }) => { (handlers[data.type] as (message: ToWorker) => void)(data); };
