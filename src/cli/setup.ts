// What verbs work with in Node: the root folder, the images, the processor with its prebuilt hub.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Containers, EventLog, Images } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import { nodeHost } from '../host/node/host.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import { nodeCodecs, nodeFolder } from '../host/node/store.ts';
import { tuneFor } from '../host/node/v8-flags.ts';
import type { Folder, Host } from '../host/ports.ts';
import { createCpu, type TranslatorOptions } from '../translate/index.ts';
import type { Terminal } from './verb.ts';

/** Where images and containers are kept. */
export function rootFolder({ env }: Terminal): string {
  if (env['WHERRY_ROOT']) return resolve(env['WHERRY_ROOT']);
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'wherry');
}

/** Loaded when a container writes much that is not kept. */
const inMemory = async (): Promise<Folder> => (await import('../host/memory-folder.ts')).memoryFolder();

export const openImages = (terminal: Terminal): Images => new Images(nodeFolder(rootFolder(terminal)), nodeCodecs, inMemory);

/** Tells what happens to images. */
export const openEvents = (terminal: Terminal): EventLog => new EventLog(nodeFolder(rootFolder(terminal)), nodeHost().clock);

/** Images, and the containers made from them. */
export interface Engine {
  readonly images: Images;
  readonly containers: Containers;
  readonly host: Host;
  readonly folder: Folder;
  /** Where a file or folder of the store lies, as the host sees it. */
  hostPath(path: string): string;
}

export function openEngine(terminal: Terminal): Engine {
  const folder = nodeFolder(rootFolder(terminal));
  const images = new Images(folder, nodeCodecs, inMemory);
  const host = openHost(terminal);
  return { images, host, folder, hostPath: (path) => join(rootFolder(terminal), path), containers: new Containers(folder, host, nodeProcesses) };
}

/** The folder of the installation: the one above dist/ (or src/, in tests). */
export function installation(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

export function openHost(terminal: Terminal): Host { return nodeHost(join(rootFolder(terminal), 'cache'), rootFolder(terminal)); }

/** Names this build: translations that another one kept are not read. */
function buildVersion(): string {
  const { size, mtimeMs } = statSync(fileURLToPath(import.meta.url));
  return `${size}.${mtimeMs}`;
}

/** The processor. Without the prebuilt hub it makes one, which takes a second. */
export function openCpu(host: Host, options: Partial<TranslatorOptions>, { trace = false, dumpFolder }: { trace?: boolean; dumpFolder?: string | undefined } = {}): Cpu {
  tuneFor('interpreter');
  const hub = join(installation(), 'dist/node/hub.wasm');
  const cpu = createCpu({
    options,
    nowMs: () => performance.now(),
    timestamp: () => host.clock.monotonicNs(),
    ...(host.cache ? { cache: host.cache, version: buildVersion() } : {}),
    ...(existsSync(hub) ? { hub: readFileSync(hub) } : {}),
    ...(dumpFolder === undefined ? {} : { dump: (name, text) => { mkdirSync(dumpFolder, { recursive: true }); writeFileSync(join(dumpFolder, name), text); } }),
    ...(trace ? { trace: (line) => host.log(`[jit] ${line}`) } : {}),
  });
  tuneFor('translated');
  return cpu;
}
