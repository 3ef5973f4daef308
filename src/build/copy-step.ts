// COPY and ADD as steps of a stage: where from, where to, under which name in the cache.
import { O_NOATIME, O_RDONLY } from '../abi/index.ts';
import { readText, resolveUser, unpackInto } from '../engine/index.ts';
import { type Chunks, ImageError, ratioLimit, uncompressed } from '../oci/index.ts';
import type { FileSystem, Inode, OverlayFs } from '../vfs/index.ts';
import type { CopyCommand } from './commands.ts';
import { fileHash, joinedHash } from './content-hash.ts';
import { Copying, type Ownership } from './copy.ts';
import { BuildError } from './errors.ts';
import { type Heredoc, heredocOf } from './heredoc.ts';
import { memoryFile } from './memory-source.ts';
import { type ModeChange, parseMode } from './mode.ts';
import { Ignore } from './patterns.ts';
import { fetchSource, isRemote } from './remote.ts';
import { findSources, hashOf, isDirectory, type Source } from './sources.ts';
import type { StageBuild } from './stage-build.ts';
import { bytesOf } from './words.ts';

interface Inline { readonly name: string; readonly bytes: Uint8Array }

const aboutSources = ['NO_SOURCE', 'FORBIDDEN'];
const PIECE = 256 << 10;
/** Of a tar's header. */
const HEADER = 512;

export class CopyStep {
  readonly #stage: StageBuild;
  readonly #command: CopyCommand;

  constructor(stage: StageBuild, command: CopyCommand) {
    this.#stage = stage;
    this.#command = command;
  }

  async run(): Promise<void> {
    try { await this.#run(); } catch (error) {
      // As Docker's builder: what is wrong with the sources is told with the verb.
      throw error instanceof BuildError && aboutSources.includes(error.code) ? new BuildError(error.code, `${this.#command.verb} failed: ${error.message}`) : error;
    }
  }

  async #run(): Promise<void> {
    const { verb, parents } = this.#command;
    const { word } = this.#stage;
    const said = this.#command.paths.map((path) => (heredocOf(path) ? path : word(path)));
    const destination = this.#destination(said.at(-1)!);
    const inline = this.#inline();
    const paths = said.slice(0, -1).filter((path) => !heredocOf(path));
    if (verb === 'COPY' && paths.some(isRemote)) throw new BuildError('NO_SOURCE', 'source can\'t be a URL for COPY');
    const chown = this.#command.chown === undefined ? undefined : word(this.#command.chown);
    const chmod = this.#command.chmod === undefined ? undefined : word(this.#command.chmod);
    const mode = chmod === undefined || chmod === '' ? undefined : parseMode(chmod);
    const sources = await this.#sources(paths, destination.endsWith('/'));
    if (sources.length + inline.length === 0) throw new BuildError('NO_SOURCE', 'no source files were specified');
    if (sources.length + inline.length > 1 && !destination.endsWith('/')) throw new BuildError('SYNTAX', `When using ${verb} with more than one source file, the destination must be a directory and end with a /`);
    const flags = [...(chown === undefined ? [] : [`--chown=${chown}`]), ...(chmod === undefined ? [] : [`--chmod=${chmod} `]), ...(parents ? ['--parents '] : []), ...this.#command.exclude.map((pattern) => `--exclude=${pattern} `)];
    await this.#stage.commit(this.#stage.comment(`${verb} ${flags.join('')}${this.#hash(sources, inline)} in ${said.at(-1)!} `, ' '), [chmod ?? null, this.#command.unpack ?? null, ...sources.flatMap((source) => source.links)], () => this.#copy(sources, inline, destination, { chown, mode }));
  }

  async #sources(paths: readonly string[], intoDirectory: boolean): Promise<Source[]> {
    const { ports } = this.#stage;
    const { checksum } = this.#command;
    const tree = paths.some((path) => !isRemote(path)) ? await this.#tree() : undefined;
    const found: Source[] = [];
    for (const path of paths) {
      if (!isRemote(path)) found.push(...findSources(tree!, [bytesOf(path)], ports.codecs, this.#ignored()));
      else found.push(await fetchSource(ports, path, checksum === undefined ? undefined : this.#stage.word(checksum), intoDirectory));
    }
    return found;
  }

  /** Relative to the working directory; a slash at the end stays. */
  #destination(said: string): string {
    if (said.startsWith('/')) return said;
    const parts: string[] = [];
    for (const part of `${this.#stage.config.WorkingDir ?? ''}/${said}`.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return `/${parts.join('/')}${said.endsWith('/') && parts.length > 0 ? '/' : ''}`;
  }

  async #tree(): Promise<{ fs: FileSystem; isContext: boolean }> {
    const { options, parts, ports, word } = this.#stage;
    if (this.#command.from === undefined) return { fs: options.context, isContext: true };
    const from = word(this.#command.from);
    const context = options.contexts.get(from);
    if (context) return { fs: context, isContext: true };
    return { fs: ports.images.openTree((await parts.find(from)).layers, { now: () => 0n }), isContext: false };
  }

  /** --exclude. */
  #ignored(): ((path: string) => boolean) | undefined {
    const { exclude } = this.#command;
    if (exclude.length === 0) return undefined;
    const ignore = new Ignore(exclude.map((pattern) => bytesOf(this.#stage.word(pattern))).join('\n'));
    return (path) => ignore.check(path, []).ignored;
  }

  #inline(): Inline[] {
    const { heredocs } = this.#command;
    return heredocs.map((heredoc: Heredoc) => ({ name: bytesOf(heredoc.name), bytes: new TextEncoder().encode(heredoc.expand ? this.#stage.rawText(heredoc.content) : heredoc.content) }));
  }

  #hash(sources: readonly Source[], inline: readonly Inline[]): string {
    const { codecs } = this.#stage.ports;
    if (inline.length === 0) return hashOf(sources, codecs);
    const hashes = [...sources.map((source) => source.hash), ...inline.map(({ name, bytes }) => `file:${fileHash(name, memoryFile(bytes), { codecs, fromDisk: false })}`)];
    return hashes.length === 1 ? hashes[0]! : joinedHash('multi', hashes, codecs);
  }

  async #copy(sources: readonly Source[], inline: readonly Inline[], destination: string, { chown, mode }: { chown: string | undefined; mode: ModeChange | undefined }): Promise<OverlayFs> {
    const fs = this.#stage.openTree();
    const owner = chown === undefined || chown === '' ? undefined : ownership(chown, fs);
    const copying = new Copying(fs, { owner, mode, parents: this.#command.parents });
    const target = bytesOf(destination);
    for (const source of sources) {
      if (this.#unpacks(source) && await this.#unpack(fs, source.inode, target)) continue;
      copying.put(source, target);
    }
    for (const { name, bytes } of inline) copying.putBytes(name, bytes, target, fs.now());
    copying.finish();
    return fs;
  }

  /** ADD unpacks what lies in the context, unless --unpack says otherwise. */
  #unpacks(source: Source): boolean { return this.#command.verb === 'ADD' && !isDirectory(source.inode) && (this.#command.unpack ?? !source.isRemote); }

  /** ADD unpacks an archive, whose files keep their owners; false: it is none. */
  async #unpack(fs: OverlayFs, inode: Inode, target: string): Promise<boolean> {
    const { folder, codecs } = this.#stage.ports;
    const chunks = async function* (): Chunks { yield* piecesOf(inode); };
    const tar = uncompressed(chunks(), { codecs, limit: ratioLimit });
    if (!await isTar(uncompressed(chunks(), { codecs, limit: ratioLimit }))) return false;
    new Copying(fs, {}).directory(target);
    await unpackInto({ fs }, target, tar, folder.create(), { keepOwners: true, replace: true });
    return true;
  }
}

function* piecesOf(inode: Inode): Generator<Uint8Array> {
  const file = inode.open!(O_RDONLY | O_NOATIME);
  try {
    for (let at = 0; ;) {
      const piece = new Uint8Array(PIECE);
      const n = file.read!(piece, at, true);
      if (typeof n !== 'number' || n === 0) return;
      yield piece.subarray(0, n);
      at += n;
    }
  } finally { file.close?.(); }
}

/** Whether the bytes begin with the header of a tar. A file that is compressed and no tar is copied as it is. */
export async function isTar(source: Chunks): Promise<boolean> {
  let start = new Uint8Array(0);
  try {
    for await (const chunk of source) {
      const joined = new Uint8Array(start.length + chunk.length);
      joined.set(start);
      joined.set(chunk, start.length);
      start = joined;
      if (start.length >= HEADER) break;
    }
  } catch (error) {
    if (error instanceof ImageError && error.code === 'unsupported') throw error;
    return false;
  }
  if (start.length < HEADER) return false;
  let sum = 8 * 32;
  for (let i = 0; i < HEADER; i++) if (i < 148 || i >= 156) sum += start[i]!;
  return Number.parseInt(String.fromCharCode(...start.subarray(148, 156)).replace(/\0.*$/s, '').trim(), 8) === sum;
}

/** --chown: names are the image's. Without a group it is the group of the same name or number, else the user's own. */
function ownership(said: string, fs: FileSystem): Ownership {
  const [user = '', group, ...rest] = said.split(':');
  if (rest.length > 0) throw new BuildError('BAD_OWNER', `invalid chown string format: ${said}`);
  const [passwd, groups] = [readText(fs, '/etc/passwd'), readText(fs, '/etc/group')];
  const named = (spec: string): Ownership | undefined => { try { return resolveUser(spec, passwd, groups); } catch { return undefined; } };
  const known = user === '' ? undefined : named(user);
  if (!known) throw new BuildError('BAD_WORD', `unable to convert uid/gid chown string to host mapping: can't find uid for user ${user}: no such user: ${user}`);
  if (group !== undefined && group !== '') {
    const { gid } = named(`0:${group}`) ?? {};
    if (gid === undefined) throw new BuildError('BAD_WORD', `unable to convert uid/gid chown string to host mapping: can't find gid for group ${group}: no such group: ${group}`);
    return { uid: known.uid, gid };
  }
  return { uid: known.uid, gid: named(`0:${user}`)?.gid ?? known.gid };
}
