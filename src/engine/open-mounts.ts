// The mounts of a container that starts, or whose files are asked for: directories of the host, volumes, tmpfs.
import { Errno } from '../abi/index.ts';
import type { Host, HostDirectories } from '../host/ports.ts';
import type { BindMount, MountError } from '../machine/index.ts';
import { type FileSystem, find, HostFs, type Inode, KeptAttributes } from '../vfs/index.ts';
import type { ContainerRecord } from './container-record.ts';
import { EngineError } from './errors.ts';
import { hostError, noSource, systemWords } from './host-error.ts';
import type { MountPoint } from './mount-points.ts';
import { rootOf } from './root-files.ts';
import { tmpfsOf } from './tmpfs-options.ts';
import { BIND_ATTRIBUTES, type Volume, volumeAttributes, volumeData, type Volumes } from './volumes.ts';

export interface OpenMounts { readonly mounts: readonly BindMount[]; close(): void }

export interface MountsHost { readonly host: Host; readonly volumes: Volumes }

/** Whether a container mounts anything. */
export const hasMounts = ({ Mounts = [], HostConfig: { Tmpfs } }: ContainerRecord): boolean => Mounts.length > 0 || Object.keys(Tmpfs ?? {}).length > 0;

/** UTF-8 as a latin1 string, a char a byte: how paths are kept inside. */
const latin1Of = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

const utf8Of = (path: string): string => new TextDecoder().decode(Uint8Array.from(path, (c) => c.charCodeAt(0)));

class Opening {
  readonly #parts: MountsHost;
  readonly #record: ContainerRecord;
  readonly #rootFs: FileSystem;
  /** By the source: what is mounted twice is one file system. */
  readonly #open = new Map<string, HostFs>();

  constructor(parts: MountsHost, record: ContainerRecord, rootFs: FileSystem) {
    this.#parts = parts;
    this.#record = record;
    this.#rootFs = rootFs;
  }

  get #directories(): HostDirectories {
    const { directories } = this.#parts.host;
    if (!directories) throw new EngineError('NO_BINDS', 'this host has no directories that a container could be given');
    return directories;
  }

  readonly #now = (): bigint => this.#parts.host.clock.realtimeNs();

  all(): BindMount[] {
    const { Mounts = [], HostConfig } = this.#record;
    const tmpfs = Object.entries(HostConfig.Tmpfs ?? {}).map(([path, options]) => this.#tmpfs(path, options));
    const others = Mounts.map((point) => this.#mount(point));
    for (const mount of [...tmpfs, ...others]) demandOutsideProc(mount);
    return [...tmpfs, ...others].sort((a, b) => depth(a.path) - depth(b.path));
  }

  #mount(point: MountPoint): BindMount {
    if (point.Type === 'tmpfs') return this.#tmpfs(point.Destination, this.#tmpfsWords(point));
    if (point.Type === 'volume') return this.#volume(point);
    return this.#bind(point);
  }

  /** The mode of what the image has there holds, unless another one is said. */
  #tmpfs(path: string, words: string): BindMount {
    const { fs, options } = tmpfsOf(path, words, this.#modeAt(path), this.#now);
    return { path: latin1Of(path), fs, options };
  }

  #modeAt(path: string): number | undefined {
    const { context, root } = rootOf(this.#rootFs);
    try { return find(context, root, latin1Of(path)).inode.mode & 0o7777; } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
  }

  #tmpfsWords({ Destination, RW }: MountPoint): string {
    const { SizeBytes, Mode } = this.#record.HostConfig.Mounts?.find(({ Target }) => cleanEnd(Target) === Destination)?.TmpfsOptions ?? {};
    return [RW ? '' : 'ro', SizeBytes ? `size=${SizeBytes}` : '', Mode ? `mode=${Mode.toString(8)}` : ''].filter((word) => word !== '').join(',');
  }

  #bind({ Source, Destination, RW }: MountPoint): BindMount {
    const directories = this.#directories;
    this.#demandSource(Source, Destination);
    return { path: latin1Of(Destination), source: Source, ...this.#hostFs(Source, Source, directories.storePath(BIND_ATTRIBUTES), false), options: { readonly: !RW } };
  }

  #demandSource(source: string, destination: string): void {
    let kind;
    try { kind = this.#directories.kind(source); } catch (error) { throw hostError(error, (why) => noSource(`error while creating mount source path '${source}': stat ${source}: ${why}`)); }
    if (kind === undefined) this.#makeSource(source, destination);
  }

  /** `-v` makes a directory that is not there, `--mount` does not. */
  #makeSource(source: string, destination: string): void {
    if (this.#record.HostConfig.Mounts?.some(({ Target }) => cleanEnd(Target) === destination)) throw new EngineError('BAD_MOUNT', `invalid mount config for type "bind": bind source path does not exist: ${source}`);
    try { this.#directories.make(source); } catch (error) { throw hostError(error, (why) => noSource(`error while creating mount source path '${source}': mkdir ${source}: ${why}`)); }
  }

  #volume(point: MountPoint): BindMount {
    const { Name = '', Destination, RW } = point;
    const volume = this.#parts.volumes.create({ name: Name });
    const { fs, options } = this.#volumeFs(volume);
    const { Subpath } = this.#record.HostConfig.Mounts?.find(({ Target }) => cleanEnd(Target) === Destination)?.VolumeOptions ?? {};
    return { path: latin1Of(Destination), fs, ...(Subpath ? { inode: inodeAt(fs, Subpath, Name) } : {}), source: fs instanceof HostFs ? point.Source : 'tmpfs', options: { ...options, readonly: !RW } };
  }

  #volumeFs(volume: Volume): { fs: FileSystem; options?: BindMount['options'] } {
    const directories = this.#directories;
    const data = directories.storePath(volumeData(volume.Name));
    const { type, o = '', device = '' } = volume.Options ?? {};
    const words = o.split(',').filter((word) => word !== '');
    if (type === 'tmpfs') return tmpfsOf('/', words.join(','), undefined, this.#now);
    if (type === undefined || type === '') return this.#hostFs(volume.Name, data, directories.storePath(volumeAttributes(volume.Name)), true);
    const failed = (why: string): EngineError => noSource(`error while mounting volume '${data}': failed to mount local volume: mount ${device}:${data}${o === '' ? '' : `, data: ${o}`}: ${why}`);
    if (!words.includes('bind') && !words.includes('rbind')) throw failed('operation not permitted');
    if (directories.kind(device) === undefined) throw failed('no such file or directory');
    return this.#hostFs(device, device, directories.storePath(BIND_ATTRIBUTES), false);
  }

  #hostFs(key: string, path: string, attributes: string, own: boolean): { fs: HostFs } {
    const known = this.#open.get(key);
    if (known) return { fs: known };
    try {
      const fs = new HostFs(this.#directories.open(path), { now: this.#now, kept: new KeptAttributes(this.#directories.log(attributes)), own });
      this.#open.set(key, fs);
      return { fs };
    } catch (error) {
      if (error instanceof Errno) throw noSource(`error mounting ${JSON.stringify(path)}: ${systemWords[error.name] ?? error.name}`);
      throw hostError(error, (why) => noSource(`error mounting ${JSON.stringify(path)}: ${why}`));
    }
  }

  close(): void { for (const fs of this.#open.values()) fs.close(); }
}

/** What lies at a path of a volume; links on the way stay inside it. */
function inodeAt(fs: FileSystem, path: string, volume: string): Inode {
  const { context, root } = rootOf(fs);
  try { return find(context, root, latin1Of(`/${path}`)).inode; } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw noSource(`cannot access path /volumes/${volume}/_data/${path}: ${systemWords[error.name] ?? error.name}`);
  }
}

/** What runc lets be mounted inside /proc. */
const coverable = ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev', 'sys/kernel/ns_last_pid'].map((name) => `/proc/${name}`);

/** Programs would not see what they are. */
function demandOutsideProc({ path, source = 'tmpfs' }: BindMount): void {
  if (!/^\/proc(?:\/|$)/.test(path) || coverable.includes(path)) return;
  throw noSource(`${CREATE_FAILED}error mounting ${JSON.stringify(source)} to rootfs at ${JSON.stringify(utf8Of(path))}: ${JSON.stringify(utf8Of(path))} cannot be mounted because it is inside /proc: unknown`);
}

const CREATE_FAILED = 'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';

const depth = (path: string): number => path.split('/').filter((name) => name !== '').length;
const cleanEnd = (path: string): string => path.replace(/\/+$/, '');

/** Opens what a container mounts. Throws EngineError 'BAD_MOUNT', 'BAD_TMPFS', 'NO_SOURCE', 'NO_BINDS'. */
export function openMounts(parts: MountsHost, record: ContainerRecord, rootFs: FileSystem): OpenMounts {
  const opening = new Opening(parts, record, rootFs);
  try { return { mounts: opening.all(), close: () => { opening.close(); } }; } catch (error) {
    opening.close();
    throw error;
  }
}

/** Docker's words for a directory over a file, or the other way round. */
export function mountFailure({ mount, errno }: MountError): EngineError {
  const source = mount.source ?? mount.fs.type;
  const start = `${CREATE_FAILED}error mounting ${JSON.stringify(source)} to rootfs at ${JSON.stringify(utf8Of(mount.path))}: mount ${source}:${utf8Of(mount.path)}: `;
  if (errno.name !== 'EINVAL' && errno.name !== 'ENOTDIR') return noSource(`${start}${systemWords[errno.name] ?? errno.name}: unknown`);
  return noSource(`${start}not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`);
}
