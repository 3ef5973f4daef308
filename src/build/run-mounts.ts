// RUN --mount while a command runs: contexts and stages, caches, secrets, memory; and the image's volumes, whose changes a build forgets. Mount points that had to be made are taken away again.
import { ENOENT, ENOTDIR, S_IFDIR, S_IFMT } from '../abi/index.ts';
import { Errno } from '../abi/index.ts';
import { rootOf } from '../engine/index.ts';
import type { BindMount } from '../machine/index.ts';
import { type FileSystem, find, type Inode, operations, type OverlayFs, TmpFs } from '../vfs/index.ts';
import { openCache } from './cache-mount.ts';
import { Copying } from './copy.ts';
import { BuildError } from './errors.ts';
import { memoryFile } from './memory-source.ts';
import type { RunMount } from './run-mount.ts';
import { findSources } from './sources.ts';
import type { StageBuild } from './stage-build.ts';
import { bytesOf } from './words.ts';

/** A file that is there only while the command runs. */
interface Script { readonly path: string; readonly bytes: Uint8Array }

export interface OpenMounts {
  readonly mounts: readonly BindMount[];
  /** Secrets as variables. */
  readonly env: readonly string[];
  /** The command has ended. */
  close(): void;
}

type Opened = { readonly mount?: Omit<BindMount, 'path'>; readonly env?: string; close?(): void };

const TMPFS_MODE = 0o1777, SECRET_MODE = 0o400;

export class RunMounts {
  readonly #stage: StageBuild;
  readonly #mounts: readonly RunMount[];

  constructor(stage: StageBuild, mounts: readonly RunMount[]) {
    const word = (text: string | undefined): string | undefined => (text === undefined ? undefined : stage.word(text));
    this.#stage = stage;
    this.#mounts = mounts.map((mount) => ({ ...mount, target: absolute(stage.config.WorkingDir, stage.word(mount.target)), source: word(mount.source), from: word(mount.from), id: stage.word(mount.id) }));
  }

  /** What the cache of steps knows them by: what is bound counts with its content; secrets and caches may change. */
  async key(): Promise<unknown[]> {
    const keys: unknown[] = [];
    for (const { type, target, id, env, ...mount } of this.#mounts) keys.push([type, target, id, env ?? null, type === 'bind' ? (await this.#source({ ...mount, type, target, id, env })).hash : null]);
    return keys;
  }

  async #tree(from: string | undefined): Promise<{ fs: FileSystem; isContext: boolean }> {
    const { options, parts, ports } = this.#stage;
    if (from === undefined) return { fs: options.context, isContext: true };
    const context = options.contexts.get(from);
    if (context) return { fs: context, isContext: true };
    return { fs: ports.images.openTree((await parts.find(from)).layers, { now: () => 0n }), isContext: false };
  }

  async #source({ from, source = '' }: RunMount): Promise<{ fs: FileSystem; inode: Inode; hash: string }> {
    const tree = await this.#tree(from);
    const path = source.replace(/^\/+/, '');
    // No pattern: each special character stands for itself.
    const [found] = findSources(tree, [bytesOf(path).replace(/[*?[\\]/g, '\\$&') || '.'], this.#stage.ports.codecs);
    return { fs: tree.fs, inode: found!.inode, hash: found!.hash };
  }

  async open(fs: OverlayFs, script: Script | undefined): Promise<OpenMounts> {
    const opened: (Opened & { readonly path: string })[] = this.#volumes();
    const close = (): void => { for (const one of opened) one.close?.(); };
    try {
      for (const mount of this.#mounts) opened.push({ path: bytesOf(mount.target), ...await this.#open[mount.type](mount) });
      if (script) opened.push({ path: bytesOf(script.path), mount: { fs: fs, inode: memoryFile(script.bytes, 0o755), options: { readonly: true } } });
    } catch (error) {
      close();
      throw error;
    }
    const mounts = opened.flatMap(({ path, mount }) => (mount ? [{ path, ...mount }] : []));
    const stubs = this.#mounts.flatMap(({ target }) => missing(fs, bytesOf(target)));
    return { mounts, env: opened.flatMap(({ env }) => env ?? []), close: () => { close(); removeStubs(fs, stubs); } };
  }

  /** Declared volumes lie on copies of what is there: nothing that a command writes into them stays. */
  #volumes(): { readonly path: string; readonly mount: Omit<BindMount, 'path'> }[] {
    const paths = Object.keys(this.#stage.config.Volumes ?? {});
    if (paths.length === 0) return [];
    const copy = this.#stage.openTree();
    const making = new Copying(copy, {});
    return paths.map((said) => {
      const path = bytesOf(absolute('/', said));
      return { path, mount: { fs: copy, inode: making.directory(path).inode } };
    });
  }

  readonly #open: Readonly<Record<RunMount['type'], (mount: RunMount) => Promise<Opened> | Opened>> = {
    bind: async (mount) => {
      const { fs, inode } = await this.#source(mount);
      if (mount.readonly) return { mount: { fs, inode, options: { readonly: true } } };
      // What is written is seen by this command alone.
      const copy = this.#stage.ports.images.openTree([], { now: () => this.#stage.now() });
      new Copying(copy, {}).put({ path: 'content', realPath: 'content', inode }, '/content');
      return { mount: { fs: copy, inode: copy.root.lookup('content')! } };
    },
    cache: async (mount) => openCache(this.#stage, mount, mount.from === undefined ? undefined : (await this.#source(mount)).inode),
    tmpfs: ({ size, readonly }) => ({ mount: { fs: new TmpFs({ now: () => this.#stage.now(), rootMode: TMPFS_MODE, ...(size === undefined ? {} : { limit: size }) }), source: 'tmpfs', options: { readonly } } }),
    secret: ({ id, required, env, target, mode = SECRET_MODE, uid, gid }) => {
      const read = this.#stage.options.secrets.get(id);
      if (!read && required) throw new BuildError('NO_SECRET', `secret ${id}: not found`);
      if (!read) return {};
      const bytes = read();
      const file = memoryFile(bytes, mode);
      file.setattr({ uid, gid });
      return { ...(env === undefined ? {} : { env: `${env}=${new TextDecoder().decode(bytes)}` }), ...(target === '/' ? {} : { mount: { fs: file.fs, inode: file, options: { readonly: true } } }) };
    },
  };
}

/** In the working directory; without a slash at the end. */
const absolute = (directory: string | undefined, path: string): string => {
  const names: string[] = [];
  for (const name of (path.startsWith('/') ? path : `${directory ?? ''}/${path}`).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
};

/** The part of a path that is not there, each directory on its way, first the highest. */
function missing(fs: FileSystem, path: string): string[] {
  const { context, root } = rootOf(fs);
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`).filter((prefix) => {
    try { find(context, root, prefix); return false; } catch (error) {
      if (error === ENOENT || error === ENOTDIR) return true;
      throw error;
    }
  });
}

/** Takes mount points away that are as empty as they were made. The directory above keeps its time. */
function removeStubs(fs: FileSystem, paths: readonly string[]): void {
  const { context, root } = rootOf(fs);
  for (const path of [...new Set(paths)].sort((a, b) => b.length - a.length)) {
    try {
      const cut = path.lastIndexOf('/');
      const parent = find(context, root, path.slice(0, cut) || '/');
      const { inode } = find(context, parent, path.slice(cut + 1), { follow: false });
      const isDirectory = (inode.mode & S_IFMT) === S_IFDIR;
      if (!isDirectory && inode.stat().size > 0) continue;
      const { mtimeNs } = parent.inode.stat();
      (isDirectory ? operations.rmdir : operations.unlink)(context, parent, path.slice(cut + 1));
      parent.inode.setattr?.({ mtimeNs });
    } catch (error) { if (!(error instanceof Errno)) throw error; }
  }
}
