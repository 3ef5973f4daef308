// The worker behind the page: the store of images and containers, and one machine at a time. It answers the calls of protocol.ts.
import { Containers, Images } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import { cacheIn } from '../host/browser/cache.ts';
import { browserHost } from '../host/browser/host.ts';
import { openBrowserStore } from '../host/browser/opfs.ts';
import { browserProcesses } from '../host/browser/processes.ts';
import { browserCodecs } from '../host/browser/store.ts';
import type { Host } from '../host/ports.ts';
import { familiarName, type Image, imagesToSave, parseReference, type Removed, saveImages, type Store } from '../oci/index.ts';
import { createCpu } from '../translate/index.ts';
import { PageContainers } from './containers.ts';
import { Program } from './program.ts';
import type { Answer, Ask, Ended, FromWorker, ImageRow, StoreState, ToWorker, Verb } from './protocol.ts';
import { deliver, piecesOf, type Tell } from './streams.ts';

const scope = self as unknown as { postMessage(message: FromWorker): void; onmessage: ((event: MessageEvent<ToWorker>) => void) | null };

const bytesAt = async (url: URL): Promise<Uint8Array | undefined> => {
  const response = await fetch(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

/** Names this build: translations that another one kept are not read. */
async function buildVersion(): Promise<string> {
  const hash = browserCodecs.sha256();
  hash.update(await bytesAt(new URL(import.meta.url)) ?? new Uint8Array(0));
  return hash.hex();
}

async function openCpu(host: Host, version: string): Promise<Cpu> {
  const hub = await bytesAt(new URL('./hub.wasm', import.meta.url));
  return createCpu({ ...(hub ? { hub } : {}), nowMs: () => performance.now(), timestamp: () => host.clock.monotonicNs(), ...(host.cache ? { cache: host.cache, version } : {}) });
}

const ready = Promise.all([openBrowserStore(), buildVersion()]).then(([{ folder, kept, why }, version]): Context => {
  const host = browserHost(kept ? cacheIn(folder, browserCodecs, version) : undefined);
  const images = new Images(folder, browserCodecs, async () => (await import('../host/memory-folder.ts')).memoryFolder());
  const containers = new Containers(folder, host, browserProcesses);
  return { store: images.store, kept: containers, containers: new PageContainers({ images, containers, host, cpu: openCpu(host, version), kept }), state: { kept, why } };
});

const newProgram = (): Program => new Program((stream, bytes) => scope.postMessage({ type: 'output', stream, bytes }));
/** The one that runs, or the next: input may come before it is started. */
let program = newProgram();
let busy = false;

interface Context { readonly store: Store; readonly kept: Containers; readonly containers: PageContainers; readonly state: StoreState }

const rowOf = ({ id, names, size, created, config }: Image): ImageRow => ({
  id, names: names.map((name) => familiarName(parseReference(name))), sizeBytes: size, created, command: [...config.config?.Entrypoint ?? [], ...config.config?.Cmd ?? []],
});

const lineOf = (removed: Removed): string => ('untagged' in removed ? `Untagged: ${removed.untagged}` : `Deleted: ${removed.deleted}`);

/** Runs what is to run next. One that could not be started ends as on the command line, with a line on its standard error. */
async function inTurn(work: (program: Program) => Promise<Ended>): Promise<Ended> {
  if (busy) throw new Error('one program runs at a time');
  busy = true;
  try {
    return await work(program);
  } catch (error) {
    const code = (error as { exitCode?: number }).exitCode;
    if (code === undefined) throw error;
    scope.postMessage({ type: 'output', stream: 'stderr', bytes: new TextEncoder().encode(`wherry: ${(error as Error).message}\n`) });
    return { code, container: '' };
  } finally {
    busy = false;
    program = newProgram();
  }
}

const save = ({ store }: Context, { images: words, into }: Ask<'save'>, tell: Tell): Promise<Blob | null> => {
  const images = imagesToSave(store, words);
  return deliver(saveImages(store, images), into, tell, images.reduce((sum, { image }) => sum + image.size, 0));
};

const verbs: { readonly [V in Verb]: (context: Context, ask: Ask<V>, tell: Tell) => Answer<V> | Promise<Answer<V>> } = {
  store: ({ state }) => state,
  images: ({ store }) => store.images().map(rowOf),
  load: async ({ store }, { archive, name }, tell) => (await store.load(piecesOf(archive, tell), name)).flatMap(({ image, names }) => (names.length > 0 ? names : [image.id])),
  pull: async ({ store }, ask, tell) => (await import('./registries.ts')).pull(store, ask, tell),
  push: async ({ store }, ask, tell) => (await import('./registries.ts')).push(store, ask, tell),
  remove: ({ store, kept }, { image, force }) => store.remove(image, { force, inUse: kept.users() }).map(lineOf),
  save,
  containers: ({ containers }) => containers.list(),
  run: ({ containers }, ask) => inTurn((mine) => containers.run(ask, mine)),
  start: ({ containers }, ask) => inTurn((mine) => containers.start(ask, mine)),
  diff: ({ containers }, { container }) => containers.diff(container),
  commit: ({ containers }, ask) => containers.commit(ask),
  export: ({ containers }, { container, into }, tell) => deliver(containers.export(container), into, tell),
  removeContainer: ({ containers }, { container }) => { containers.remove(container); return null; },
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
