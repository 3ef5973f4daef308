// RUN --mount=type=cache: directories of the store that commands of many builds share, one after the other where they ask for it.
import { HostFs, type Inode, KeptAttributes } from '../vfs/index.ts';
import { tarOfTree } from '../layers/index.ts';
import { unpackInto } from '../engine/index.ts';
import type { ProcessId } from '../host/ports.ts';
import type { BindMount } from '../machine/index.ts';
import { CACHES, sha256Of } from '../oci/index.ts';
import type { RunMount } from './run-mount.ts';
import type { StageBuild } from './stage-build.ts';

/** How often a cache that another build has is asked for. */
const ASK_NS = 100_000_000n;
const DEFAULT_MODE = 0o755;

interface Opened { readonly mount: Omit<BindMount, 'path'>; close(): void }

/** Opens the cache that a mount names, made when it is not there: with what `first` holds. On a host without directories it is memory, new each time. */
export async function openCache(stage: StageBuild, mount: RunMount, first: Inode | undefined): Promise<Opened> {
  const { directories } = stage.ports.host;
  if (!directories) return { mount: { fs: stage.ports.images.openTree([], { now: () => stage.now() }), options: { readonly: mount.readonly } }, close: () => {} };
  const hold = await new CacheLock(stage, mount).take();
  const path = `${CACHES}/${hold.name}`;
  const isNew = directories.kind(directories.storePath(`${path}/data`)) === undefined;
  directories.make(directories.storePath(`${path}/data`));
  const fs = new HostFs(directories.open(directories.storePath(`${path}/data`)), { now: () => stage.now(), kept: new KeptAttributes(directories.log(directories.storePath(`${path}/attributes`))), own: true });
  if (isNew) await fill(stage, fs, mount, first);
  return { mount: { fs, source: mount.id, options: { readonly: mount.readonly } }, close: () => { fs.close(); hold.free(); } };
}

async function fill({ ports }: StageBuild, fs: HostFs, { uid, gid, mode = DEFAULT_MODE }: RunMount, first: Inode | undefined): Promise<void> {
  if (first) await unpackInto({ fs }, '/', tarOfTree(first), ports.folder.create(), { keepOwners: true });
  fs.root.setattr?.({ uid, gid });
  fs.root.setattr?.({ mode });
}

/** Who has a cache alone: named in a file beside it. */
class CacheLock {
  readonly #stage: StageBuild;
  readonly #mount: RunMount;

  constructor(stage: StageBuild, mount: RunMount) {
    this.#stage = stage;
    this.#mount = mount;
  }

  /** Waits for a cache that is locked; of one that is private takes the first that is free. */
  async take(): Promise<{ readonly name: string; free(): void }> {
    const { sharing, id } = this.#mount;
    if (sharing === 'shared') return { name: this.#name(id), free: () => {} };
    for (let copy = 0; ; copy += sharing === 'private' ? 1 : 0) {
      const name = this.#name(copy === 0 ? id : `${id}\0${copy}`);
      if (this.#lock(name)) return { name, free: () => { this.#stage.ports.folder.remove(lockPath(name)); } };
      if (sharing === 'locked') await new Promise<void>((resolve) => { this.#stage.ports.host.loop.later(resolve, ASK_NS); });
    }
  }

  #name(id: string): string { return sha256Of(new TextEncoder().encode(id), this.#stage.ports.codecs).slice('sha256:'.length); }

  #lock(name: string): boolean {
    const { folder, processes } = this.#stage.ports;
    return folder.exclusive(() => {
      const bytes = folder.read(lockPath(name));
      const owner = bytes && JSON.parse(new TextDecoder().decode(bytes)) as ProcessId;
      if (owner && processes.isAlive(owner)) return false;
      folder.write(lockPath(name), new TextEncoder().encode(JSON.stringify(processes.self)), false);
      return true;
    });
  }
}

const lockPath = (name: string): string => `${CACHES}/${name}/lock`;
