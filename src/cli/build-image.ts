// wherry build at work: from what was said to a build, its output and its image. Loaded when something is built.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BuildError, buildImage, type BuildOptions, ContextFs } from '../build/index.ts';
import { type HostConfig, Images } from '../engine/index.ts';
import { nodeDirectories } from '../host/node/tree.ts';
import { nodeProcesses } from '../host/node/processes.ts';
import { nodeCodecs, scratchFolder } from '../host/node/store.ts';
import type { Folder } from '../host/ports.ts';
import { tarOfTree } from '../layers/index.ts';
import { familiarName, fullName, type Image, parseReference } from '../oci/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import { demandOutput, writeOutput } from './output.ts';
import { openContext } from './build-context.ts';
import { humanSize } from './columns.ts';
import { messageOf } from './errors.ts';
import { fixedTime } from './fixed-time.ts';
import { pairs } from './flag-values.ts';
import { type Parsed, UsageError } from './flags.ts';
import { hostContext } from './host-context.ts';
import { InputError } from './input.ts';
import { demandRunnablePlatform, platformOf } from './platform-flag.ts';
import { type Engine, openCpu, openEngine } from './setup.ts';
import { unpackLimit } from './unpack-limit.ts';
import type { Terminal } from './verb.ts';

/** What a command may write, in bytes: it lies on disk until it is a layer. */
const SCRATCH = 2 ** 40;

/** KEY=VALUE, or KEY alone for the caller's variable; one that the caller does not have is none. */
function buildArgs(parsed: Parsed, { env }: Terminal): Map<string, string> {
  return new Map(parsed.list('build-arg').flatMap((word): [string, string][] => {
    const equals = word.indexOf('=');
    if (equals >= 0) return [[word.slice(0, equals), word.slice(equals + 1)]];
    return env[word] === undefined ? [] : [[word, env[word]]];
  }));
}

function tagsOf(parsed: Parsed): readonly string[] {
  for (const tag of parsed.list('tag')) {
    try { parseReference(tag); } catch (error) { throw new UsageError(`invalid argument ${JSON.stringify(tag)} for "-t, --tag" flag: ${(error as Error).message}`); }
  }
  return parsed.list('tag');
}

/** `id=ID,src=FILE`, `id=ID,env=NAME`; with the id alone it is the variable of that name, else the file. */
function secrets(parsed: Parsed, { env }: Terminal): Map<string, () => Uint8Array> {
  return new Map(parsed.list('secret').map((word) => {
    const said = new Map(word.split(',').map((field) => { const [key = '', value] = field.split(/=(.*)/s); return [key, value ?? ''] as const; }));
    const id = said.get('id') ?? '';
    const unknown = [...said.keys()].find((key) => !['id', 'src', 'source', 'env', 'type'].includes(key));
    if (unknown !== undefined) throw new UsageError(`invalid argument ${JSON.stringify(word)} for "--secret" flag: unexpected key '${unknown}' in '${word}'`);
    if (id === '') throw new UsageError(`invalid argument ${JSON.stringify(word)} for "--secret" flag: secret missing "id"`);
    const file = said.get('src') ?? said.get('source');
    const variable = said.get('env') ?? (file === undefined && (said.get('type') === 'env' || env[id] !== undefined) ? id : undefined);
    return [id, () => (variable === undefined ? readFileSync(file ?? id) : new TextEncoder().encode(env[variable] ?? ''))] as const;
  }));
}

/** NAME=PATH of --build-context; images are named with docker-image://. */
function contexts(parsed: Parsed): Pick<BuildOptions, 'contexts' | 'imageContexts'> {
  const folders = new Map<string, ContextFs>();
  const images = new Map<string, string>();
  for (const [name, place] of Object.entries(pairs(parsed.list('build-context')))) {
    if (place.startsWith('docker-image://')) images.set(name, place.slice('docker-image://'.length));
    else if (/^\w+:\/\/|^git@/.test(place)) throw new InputError(`--build-context ${name}: nothing is fetched for a build: get ${place} first, and name its folder`);
    else folders.set(name, new ContextFs(hostContext(place)));
  }
  return { contexts: folders, imageContexts: images };
}

/** Where `--output` puts the files of what was built. */
interface FilesOutput { readonly type: 'local' | 'tar'; readonly dest: string }

/** A folder, `-`, or `type=local|tar,dest=PLACE`; what asks for an image is answered by the store. */
function filesOutput(parsed: Parsed): FilesOutput | undefined {
  const said = parsed.string('output');
  if (said === undefined) return undefined;
  if (!said.includes('=')) return said === '-' ? { type: 'tar', dest: '-' } : { type: 'local', dest: said };
  const { type = '', dest } = pairs(said.split(',')) as { readonly type?: string; readonly dest?: string };
  if (type === 'image' || type === 'docker') return undefined;
  if (type !== 'local' && type !== 'tar') throw new InputError(`exporter ${JSON.stringify(type)} could not be found: local, tar, image and docker are known`);
  if (type === 'local' && !dest) throw new InputError('output directory is required for local exporter');
  return { type, dest: dest || '-' };
}

async function putFiles({ type, dest }: FilesOutput, files: FileSystem, folder: Folder, terminal: Terminal): Promise<void> {
  const tar = tarOfTree(files.root);
  if (type === 'tar') return writeOutput(tar, { file: dest === '-' ? undefined : dest, what: 'export', verb: 'save' }, terminal);
  const { unpackHere } = await import('./host-tree.ts');
  mkdirSync(dest, { recursive: true });
  const file = folder.create();
  try {
    for await (const bytes of tar) file.append(bytes);
    unpackHere(file.blob, Buffer.from(dest), true);
  } finally { file.discard(); }
}

const networks = ['', 'default', 'bridge', 'none', 'host'];

function optionsOf(parsed: Parsed, terminal: Terminal, limits: Partial<HostConfig>): Omit<BuildOptions, 'dockerfile' | 'context' | 'output'> {
  const network = parsed.string('network') ?? '';
  if (!networks.includes(network)) throw new InputError(`network mode ${JSON.stringify(network)} not supported by a build: it is default, none or host`);
  return {
    ...contexts(parsed), buildArgs: buildArgs(parsed, terminal), labels: new Map(Object.entries(pairs(parsed.list('label')))), tags: tagsOf(parsed), target: parsed.string('target'), platform: parsed.string('platform') || undefined,
    pull: parsed.bool('pull'), noCache: parsed.bool('no-cache'), network: network === 'bridge' ? 'default' : network, limits, secrets: secrets(parsed, terminal), fixedSec: fixedTime(terminal),
  };
}

/** What FROM names: an image that is here, else one of a registry. */
async function findImage({ images }: Engine, name: string, { pull, platform }: { pull: boolean; platform: string | undefined }, parsed: Parsed, terminal: Terminal, say: ((text: string) => void) | undefined): Promise<Image> {
  if (platform) demandRunnablePlatform(platform, name);
  const here = pull && !isId(name, images) ? undefined : images.store.resolve(name);
  if (here) {
    await images.store.adopt(here);
    return here;
  }
  const { showPull } = await import('./pull-image.ts');
  const image = await showPull(images, name, terminal, { platform: platformOf(parsed), output: say && { write: say, isTty: terminal.outIsTty, columns: terminal.columns } });
  await images.store.adopt(image);
  return image;
}

/** No registry knows the ID of an image. */
const isId = (name: string, { store }: Images): boolean => /^(?:sha256:)?[0-9a-f]{12,64}$/.test(name) && store.resolve(name) !== undefined;

/** What is said during a build: at once, or with -q only when it fails. */
class Output {
  begun = false;
  readonly #write: (text: string) => void;
  readonly #kept: string[] = [];
  readonly #quiet: boolean;

  constructor(quiet: boolean, write: (text: string) => void) {
    this.#quiet = quiet;
    this.#write = write;
  }

  readonly say = (text: string): void => {
    this.begun = true;
    if (this.#quiet) this.#kept.push(text);
    else this.#write(text);
  };

  /** What a quiet build would have said. */
  get kept(): string { return this.#kept.join(''); }
}

/** Builds, and gives the exit code. */
export async function runBuild(parsed: Parsed, terminal: Terminal, limits: Partial<HostConfig>): Promise<number> {
  const options = optionsOf(parsed, terminal, limits);
  const engine = openEngine(terminal);
  const quiet = parsed.bool('quiet') || parsed.string('progress') === 'quiet';
  const files = filesOutput(parsed);
  // Standard output may be wanted for a tar.
  const write = files?.dest === '-' ? terminal.err : terminal.out;
  if (files?.type === 'tar') demandOutput({ file: files.dest === '-' ? undefined : files.dest, what: 'export', verb: 'save' }, terminal);
  const output = new Output(quiet, write);
  const discards: (() => void)[] = [];
  const iidFile = parsed.string('iidfile');
  if (iidFile) rmSync(iidFile, { force: true });
  try {
    const { size, ...source } = await openContext({
      from: parsed.words[0]!, file: parsed.string('file') || undefined, folder: engine.folder, codecs: nodeCodecs, limit: unpackLimit(terminal).unpackLimit,
      stdin: () => process.stdin, atEnd: (discard) => { discards.push(discard); },
    });
    if (!quiet) write(`Sending build context to Docker daemon ${humanSize(size, 4).padStart(8)}\r${terminal.outIsTty ? '' : '\r'}\n`);
    const image = await buildImage({
      images: new Images(engine.folder, nodeCodecs, () => scratchFolder(engine.hostPath(''))), scratchBytes: SCRATCH, folder: engine.folder, codecs: nodeCodecs, host: { ...engine.host, directories: nodeDirectories(engine.hostPath('')) }, processes: nodeProcesses, fetch: async (request) => (await import('./registries.ts')).openFetch(terminal)(request), atEnd: (discard) => { discards.push(discard); }, cpu: () => openCpu(engine.host, {}),
      findImage: (name, asked) => findImage(engine, name, asked, parsed, terminal, quiet ? undefined : output.say), shownName: (name) => familiarName(parseReference(fullName(parseReference(name)))), say: output.say,
      streams: { stdout: asText(output.say), stderr: asText(inRed(output.say, terminal)) },
    }, { ...options, ...source, output: files && ((built) => putFiles(files, built, engine.folder, terminal)) });
    if (iidFile && image) writeFileSync(iidFile, image.id);
    if (quiet && image) write(`${image.id}\n`);
    return 0;
  } catch (error) {
    // Docker's daemon introduces itself only before its first word.
    if (!output.begun || !isSaid(error)) throw error instanceof BuildError ? new InputError(error.code === 'BAD_PATTERN' ? error.message : `Error response from daemon: ${error.message}`) : error;
    terminal.err(`${output.kept}${messageOf(error).replace(/^Error response from daemon: /, '')}\n`);
    return (error instanceof BuildError ? error.exitCode : undefined) ?? 1;
  } finally { for (const discard of discards) discard(); }
}

const isSaid = (error: unknown): boolean => error instanceof Error && typeof (error as { code?: unknown }).code === 'string';

/** Bytes of a stream as UTF-8. */
function asText(say: (text: string) => void): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  return (bytes) => { say(decoder.decode(bytes, { stream: true })); };
}

/** Docker's builder shows what commands write to standard error in red. */
const inRed = (say: (text: string) => void, { env }: Terminal): (text: string) => void => (env['NO_COLOR'] ? say : (text) => { say(`\x1b[91m${text}\x1b[0m`); });
