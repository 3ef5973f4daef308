// wherry cp: files between a container, running or not, and the host; `-` is a tar on standard input or output.
import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, posix, resolve } from 'node:path';
import { S_IFDIR, S_IFMT } from '../../abi/index.ts';
import { type ContainerRecord, EngineError, type FileOperationName, type PathStat } from '../../engine/index.ts';
import { packTar } from '../../layers/index.ts';
import { counted, streamOf } from '../byte-stream.ts';
import { humanSize } from '../columns.ts';
import type { AskOptions } from '../control.ts';
import { operate } from '../container-operations.ts';
import { bool, type Parsed } from '../flags.ts';
import { writeOutput } from '../output.ts';
import { type Engine, openEngine } from '../setup.ts';
import type { Terminal, Verb } from '../verb.ts';

/** `code` is stable. */
class CopyError extends Error { readonly code = 'COPY'; }

interface Side { readonly container: string | undefined; readonly path: string }

/** `CONTAINER:PATH`, or a path of the host: one that begins with / or ., or has no colon. */
function sideOf(word: string): Side {
  const colon = word.indexOf(':');
  return word.startsWith('/') || word.startsWith('.') || colon < 0 ? { container: undefined, path: word } : { container: word.slice(0, colon), path: word.slice(colon + 1) };
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const isDirectory = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR;
/** Whether the content of a directory is meant, and not the directory: `/.` at the end, or the root. */
const meansContent = (path: string): boolean => /(^|\/)\.?$/.test(path) && !/[^/]\/$/.test(path);

/** A container as `cp` works on it: what is not there is told with the container's name. */
class Container {
  readonly #engine: Engine;
  readonly #record: ContainerRecord;
  readonly #said: string;
  constructor(engine: Engine, said: string) {
    this.#engine = engine;
    this.#said = said;
    this.#record = engine.containers.find(said);
  }

  async do(operation: FileOperationName, args: Readonly<Record<string, unknown>>, streams: AskOptions = {}): Promise<unknown> {
    try { return await operate(this.#engine, this.#record, operation, args, streams); } catch (error) {
      throw error instanceof EngineError && error.code === 'NO_FILE' ? new EngineError(error.code, `${error.message} in container ${this.#said}`) : error;
    }
  }

  stat(path: string, follow: boolean): Promise<PathStat> { return this.do('stat', { path: latin1(path), follow }) as Promise<PathStat>; }

  async statIfThere(path: string): Promise<PathStat | undefined> {
    try { return await this.stat(path, true); } catch (error) {
      if ((error as { code?: string }).code === 'NO_FILE') return undefined;
      throw error;
    }
  }
}

interface Copy { readonly engine: Engine; readonly terminal: Terminal; readonly follow: boolean; readonly keepOwners: boolean; tell(bytes: number): void }

async function copyOut(said: string, path: string, to: string, { engine, terminal, follow, tell }: Copy): Promise<void> {
  const container = new Container(engine, said);
  const links = follow || path.endsWith('/') || meansContent(path);
  const stat = await container.stat(path, links);
  const content = meansContent(path);
  const name = basename(posix.normalize(`/${path}`)) || '.';
  const tar = (): AsyncIterable<Uint8Array> => counted(streamOf((data) => container.do('archive', { path: latin1(path), follow: links, as: content ? '.' : latin1(name) }, { data })), tell);
  if (to === '-') return writeOutput(tar(), { file: undefined, what: 'copy', verb: 'copy' }, terminal);
  const target = targetHere(to, isDirectory(stat.mode), content, name);
  const file = engine.folder.create();
  try {
    for await (const bytes of tar()) file.append(bytes);
    (await import('../host-tree.ts')).unpackHere(file.blob, Buffer.from(target), content);
  } finally { file.discard(); }
}

/** The path of the host that the source becomes, by the rules of docker cp. */
function targetHere(to: string, isTree: boolean, content: boolean, name: string): string {
  const there = statSync(to, { throwIfNoEntry: false });
  if (there?.isDirectory()) return isTree && content ? to : `${to}/${name}`;
  if (there && isTree) throw new CopyError('cannot copy directory');
  if (!there && to.endsWith('/') && !isTree) throw new CopyError('no such directory');
  const folder = dirname(resolve(to));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new CopyError(`invalid output path: directory ${JSON.stringify(folder)} does not exist`);
  return to;
}

async function copyIn(from: string, said: string, path: string, { engine, follow, keepOwners, tell }: Copy): Promise<void> {
  const container = new Container(engine, said);
  if (from === '-') {
    const stat = await container.stat(path, true);
    if (!isDirectory(stat.mode)) throw new CopyError(`destination "${said}:${path}" must be a directory`);
    await container.do('unpack', { path: latin1(path), keepOwners: true }, { input: counted(process.stdin, tell) });
    return;
  }
  const links = follow || from.endsWith('/') || meansContent(from);
  const here = resolve(from);
  // Docker's message about what is missing at the top has a slash for the folder and one before the name.
  const named = dirname(here) === '/' ? `/${here}` : here;
  const source = links ? statSync(named) : lstatSync(named);
  const there = path === '' ? undefined : await container.statIfThere(path);
  const { directory, as } = targetThere(path, there, source.isDirectory(), meansContent(from) && source.isDirectory(), latin1(basename(here)));
  const { hostItems } = await import('../host-tree.ts');
  const input = counted(packTar(hostItems(Buffer.from(here), as, links)), tell);
  await container.do('unpack', { path: directory, keepOwners }, { input });
}

/** The directory of the container to unpack in, and the name the source gets there (latin1 bytes), by the rules of docker cp. */
function targetThere(path: string, there: PathStat | undefined, isTree: boolean, content: boolean, name: string): { directory: string; as: string } {
  if (there && isDirectory(there.mode)) return { directory: there.path, as: content ? '.' : latin1(name) };
  if (there && isTree) throw new CopyError('cannot copy directory');
  if (there) return { directory: dirname(there.path), as: basename(there.path) };
  if (/(^|\/)$/.test(path) && !isTree) throw new CopyError('no such directory');
  const trimmed = latin1(posix.normalize(`/${path}`)).replace(/\/+$/, '');
  return { directory: dirname(trimmed), as: basename(trimmed) };
}

function copy(parsed: Parsed, terminal: Terminal, tell: (bytes: number) => void): Promise<void> {
  const [from, to] = parsed.words.map(sideOf) as [Side, Side];
  const job: Copy = { engine: openEngine(terminal), terminal, follow: parsed.bool('follow-link'), keepOwners: parsed.bool('archive'), tell };
  if (from.container !== undefined && to.container !== undefined) throw new CopyError('copying between containers is not supported');
  if (from.container !== undefined) return copyOut(from.container, from.path, to.path, job);
  if (to.container !== undefined) return copyIn(from.path, to.container, to.path, job);
  throw new CopyError('must specify at least one container source');
}

export const cp: Verb = {
  name: 'cp',
  aliases: ['container cp'],
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\twherry cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  help: 'Copy files/folders between a container and the local filesystem',
  details: 'Use \'-\' as the source to read a tar archive from stdin\nand extract it to a directory destination in a container.\nUse \'-\' as the destination to stream a tar archive of a\ncontainer source to stdout.',
  flags: [
    bool('archive', 'Archive mode (copy all uid/gid information)', 'a'), bool('follow-link', 'Always follow symbol link in SRC_PATH', 'L'),
    bool('quiet', 'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached', 'q'),
  ],
  words: [2, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    let copied = 0;
    await copy(parsed, terminal, (bytes) => { copied = bytes; });
    const to = parsed.words[1]!;
    if (terminal.errIsTty && !parsed.bool('quiet') && to !== '-') terminal.err(`Successfully copied ${humanSize(copied)} to ${to}\n`);
    return 0;
  },
};
