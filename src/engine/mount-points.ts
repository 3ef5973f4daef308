// What a container mounts, from what the user said and the image says, by the rules of Docker's daemon (volume/mounts/linux_parser.go).
import type { HostDirectories } from '../host/ports.ts';
import { EngineError } from './errors.ts';
import { hostError } from './host-error.ts';
import type { HostConfig, MountRequest } from './host-config.ts';
import { demandVolumeName } from './volumes.ts';

/** One mount, in the words of inspect's `Mounts`. */
export interface MountPoint {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  /** Volumes only. */
  readonly Name?: string;
  /** A path of the host; of a tmpfs ''. */
  readonly Source: string;
  readonly Destination: string;
  /** Volumes only. */
  readonly Driver?: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
  /** A volume that was made for this container, which did not name it. Not shown. */
  readonly Anonymous?: true;
}

/** A volume to be there before the container starts. */
export interface WantedVolume {
  readonly name: string;
  readonly anonymous: boolean;
  readonly driver: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  /** Where what the image has is copied from when the volume is empty; absent: nowhere. */
  readonly copyFrom?: string;
}

export interface Mounts { readonly points: readonly MountPoint[]; readonly volumes: readonly WantedVolume[] }

const invalid = (message: string): EngineError => new EngineError('BAD_MOUNT', message);
const invalidMount = (type: string, why: string): EngineError => invalid(`invalid mount config for type "${type}": ${why}`);

/** As Go's filepath.Clean. */
function clean(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

/** As Go's filepath.IsLocal. */
const isLocal = (path: string): boolean => !path.startsWith('/') && path.split('/').reduce((depth, name) => (depth < 0 ? depth : depth + (name === '..' ? -1 : name === '.' || name === '' ? 0 : 1)), 0) >= 0;

function demandDestination(path: string, wrong: (why: string) => EngineError): string {
  if (path !== '' && clean(path) === '/' && (path.startsWith('/') || /^[./]+$/.test(path))) throw wrong('invalid specification: destination can\'t be \'/\'');
  if (!path.startsWith('/')) throw wrong(`invalid mount path: '${path}' mount path must be absolute`);
  return clean(path);
}

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];
/** The words of a mode by what they are about: each may be said once. */
const modeKinds: readonly (readonly string[])[] = [['rw', 'ro'], ['z', 'Z'], ['nocopy'], propagations, ['consistent', 'cached', 'delegated', 'default']];

/** The words of a mode: `ro,z`. Throws EngineError 'BAD_MOUNT'. */
function modeWords(mode: string): string[] {
  const words = mode === '' ? [] : mode.split(',');
  const kinds = words.map((word) => modeKinds.findIndex((kind) => kind.includes(word)));
  if (kinds.includes(-1) || new Set(kinds).size < kinds.length) throw invalid(`invalid mode: ${mode}`);
  return words;
}

const isMode = (text: string): boolean => { try { modeWords(text); return text !== ''; } catch { return false; } };

/** What a mount comes to before its volume is chosen. */
interface Wish { readonly point: Omit<MountPoint, 'Name' | 'Source'>; readonly source: string; readonly copy: boolean; readonly volume: Pick<WantedVolume, 'driver' | 'labels' | 'options'>; readonly mustExist: boolean }

/** `-v SOURCE:DESTINATION[:MODE]`. */
function wishOfBind(raw: string, driver: string): Wish {
  const parts = raw.split(':');
  const [source = '', target = '', mode = ''] = parts;
  if (parts.length > 3 || source === '' || target === '' || (parts.length === 2 && isMode(target))) throw invalid(`invalid volume specification: '${raw}'`);
  const words = modeWords(mode);
  const type = source.startsWith('/') ? 'bind' : 'volume';
  const wrong = (why: string): EngineError => invalid(`invalid volume specification: '${raw}': invalid mount config for type "${type}": ${why}`);
  const Destination = demandDestination(target, wrong);
  const propagation = words.find((word) => propagations.includes(word));
  if (type === 'volume' && propagation !== undefined) throw wrong('field BindOptions must not be specified');
  if (type === 'bind' && words.includes('nocopy')) throw wrong('field VolumeOptions must not be specified');
  return {
    point: { Type: type, Destination, ...(type === 'volume' ? { Driver: 'local' } : {}), Mode: mode === '' && type === 'volume' ? 'z' : mode, RW: !words.includes('ro'), Propagation: type === 'bind' ? propagation ?? 'rprivate' : '' },
    source: type === 'bind' ? clean(source) : source, copy: !words.includes('nocopy'), volume: { driver }, mustExist: false,
  };
}

/** `--mount`. */
function wishOfMount({ Type, Source = '', Target, ReadOnly = false, BindOptions, VolumeOptions, TmpfsOptions }: MountRequest, driver: string): Wish {
  const wrong = (why: string): EngineError => invalidMount(Type, why);
  if (Type !== 'bind' && Type !== 'volume' && Type !== 'tmpfs') throw wrong('mount type unknown');
  if (Target === '') throw wrong('field Target must not be empty');
  const Destination = demandDestination(Target, wrong);
  if (Type === 'bind' && Source === '') throw wrong('field Source must not be empty');
  if (Type === 'tmpfs' && Source !== '') throw wrong('field Source must not be specified');
  const { Propagation = '' } = BindOptions ?? {};
  if (Type === 'bind' && Propagation !== '' && !propagations.includes(Propagation)) throw wrong(`invalid propagation mode: ${Propagation}`);
  if (Type === 'bind' && !Source.startsWith('/')) throw wrong(`invalid mount path: '${Source}' mount path must be absolute`);
  if (Type === 'volume' && Source === '' && ReadOnly) throw wrong('must not set ReadOnly mode when using anonymous volumes');
  if (VolumeOptions?.Subpath && !isLocal(VolumeOptions.Subpath)) throw wrong(`invalid subpath: ${VolumeOptions.Subpath} must be a relative path within the volume`);
  if (TmpfsOptions?.SizeBytes !== undefined && TmpfsOptions.SizeBytes < 0) throw wrong('invalid tmpfs size');
  return {
    point: { Type, Destination, ...(Type === 'volume' ? { Driver: VolumeOptions?.DriverConfig?.Name || 'local' } : {}), Mode: Type === 'volume' ? 'z' : '', RW: !ReadOnly, Propagation: Type === 'bind' ? Propagation || 'rprivate' : '' },
    source: Type === 'bind' ? clean(Source) : Source, copy: VolumeOptions?.NoCopy !== true, mustExist: Type === 'bind',
    volume: { driver: VolumeOptions?.DriverConfig?.Name || driver, ...(VolumeOptions?.Labels ? { labels: VolumeOptions.Labels } : {}), ...(VolumeOptions?.DriverConfig?.Options ? { options: VolumeOptions.DriverConfig.Options } : {}) },
  };
}

/** What finding out about mounts needs. */
export interface MountsContext {
  readonly directories: HostDirectories | undefined;
  /** A name for a volume that has none. */
  inventName(): string;
  /** Where a volume's files lie on the host. */
  volumePath(name: string): string;
  /** What another container mounts. Throws EngineError 'NO_CONTAINER'. */
  mountsOf(container: string): readonly MountPoint[];
}

function demandSource(source: string, directories: HostDirectories): void {
  let kind;
  try { kind = directories.kind(source); } catch (error) { throw hostError(error, (why) => invalidMount('bind', `stat ${source}: ${why}`)); }
  if (kind === undefined) throw invalidMount('bind', `bind source path does not exist: ${source}`);
}

class Gathering {
  readonly #context: MountsContext;
  readonly #points = new Map<string, MountPoint>();
  readonly #volumes: WantedVolume[] = [];
  constructor(context: MountsContext) { this.#context = context; }

  has(destination: string): boolean { return this.#points.has(destination); }

  /** `container[:ro|rw]`; what is mounted here already stays. */
  addFrom(raw: string): void {
    const [name = '', mode] = raw.split(':', 2);
    if (raw === '') throw invalid('volumes-from specification cannot be an empty string');
    if (name === '') throw invalid('invalid name or ID supplied: ""');
    const words = modeWords(mode ?? '');
    if (words.some((word) => modeKinds.findIndex((kind) => kind.includes(word)) > 1)) throw invalid(`invalid mode: ${mode}`);
    for (const point of this.#context.mountsOf(name)) this.#points.set(point.Destination, { ...point, Mode: '', RW: point.RW && !words.includes('ro') });
  }

  add({ point, source, copy, volume, mustExist }: Wish): void {
    if (point.Type === 'volume') return this.#addVolume(point, source, { ...volume, copy });
    if (point.Type === 'bind' && !this.#context.directories) throw new EngineError('NO_BINDS', 'this host has no directories that a container could be given');
    if (mustExist) demandSource(source, this.#context.directories!);
    this.#points.set(point.Destination, { ...point, Source: source });
  }

  #addVolume(point: Wish['point'], source: string, { copy, ...volume }: Wish['volume'] & { readonly copy: boolean }): void {
    const anonymous = source === '';
    const name = anonymous ? this.#context.inventName() : demandVolumeName(source);
    this.#volumes.push({ name, anonymous, ...volume, ...(copy ? { copyFrom: point.Destination } : {}) });
    this.#points.set(point.Destination, { Type: 'volume', Name: name, Source: this.#context.volumePath(name), Destination: point.Destination, Driver: point.Driver ?? 'local', Mode: point.Mode, RW: point.RW, Propagation: '', ...(anonymous ? { Anonymous: true } : {}) });
  }

  get mounts(): Mounts { return { points: [...this.#points.values()], volumes: this.#volumes }; }
}

/** What HostConfig asks for, and `volumes`: paths of the image's VOLUME and of `-v PATH`. Throws EngineError 'BAD_MOUNT', 'BAD_VOLUME', 'NO_CONTAINER', 'NO_BINDS'. */
export function mountsFor(host: Partial<HostConfig>, volumes: readonly string[], context: MountsContext): Mounts {
  const gathering = new Gathering(context);
  const driver = host.VolumeDriver || 'local';
  for (const raw of host.VolumesFrom ?? []) gathering.addFrom(raw);
  const tmpfs = new Set(Object.keys(host.Tmpfs ?? {}).map((path) => demandDestination(path, invalid)));
  const said = new Set(tmpfs);
  for (const wish of [...(host.Binds ?? []).map((raw) => wishOfBind(raw, driver)), ...(host.Mounts ?? []).map((mount) => wishOfMount(mount, driver))]) {
    const { Destination } = wish.point;
    if (said.has(Destination)) throw invalid(`Duplicate mount point: ${Destination}`);
    said.add(Destination);
    gathering.add(wish);
  }
  for (const path of volumes) {
    const Destination = demandDestination(clean(path), invalid);
    if (!gathering.has(Destination) && !tmpfs.has(Destination)) gathering.add({ point: { Type: 'volume', Destination, Driver: 'local', Mode: '', RW: true, Propagation: '' }, source: '', copy: true, volume: { driver }, mustExist: false });
  }
  return gathering.mounts;
}
