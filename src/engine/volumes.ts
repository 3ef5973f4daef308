// Volumes: directories of the store that containers mount, by name. Their files are plain files of the host, so that several containers have them at once and nothing is lost with a process.
import { rfc3339 } from '../base/index.ts';
import type { Folder, Host } from '../host/ports.ts';
import { EngineError } from './errors.ts';
import { EventLog } from './events.ts';

/** One volume, in the words of Docker's inspect. */
export interface Volume {
  readonly Name: string;
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Options: Readonly<Record<string, string>> | null;
  /** Made for one container that did not name it. */
  readonly Anonymous?: boolean;
}

export interface NewVolume {
  /** Absent: one is made up. */
  readonly name?: string;
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
}

/** A label that newer daemons of Docker give to volumes without a name of their own. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

const folderOf = (name: string): string => `volumes/${name}`;
const recordPath = (name: string): string => `${folderOf(name)}/volume.json`;
/** Its files. */
export const volumeData = (name: string): string => `${folderOf(name)}/_data`;
/** What the host cannot keep of them. */
export const volumeAttributes = (name: string): string => `${folderOf(name)}/attributes`;

/** What the host cannot keep of files in its own directories. */
export const BIND_ATTRIBUTES = 'binds/attributes';

const KNOWN_OPTIONS = ['type', 'o', 'device', 'size'];

/** Throws EngineError 'BAD_VOLUME'. */
export function demandVolumeName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return name;
  if (name.length === 1) throw new EngineError('BAD_VOLUME', `create ${name}: volume name is too short, names should be at least two alphanumeric characters`);
  throw new EngineError('BAD_VOLUME', `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`);
}

function demandOptions(name: string, { driver = 'local', options = {} }: NewVolume): void {
  if (driver !== 'local' && driver !== '') throw new EngineError('NO_DRIVER', `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  const unknown = Object.keys(options).find((key) => !KNOWN_OPTIONS.includes(key));
  if (unknown !== undefined) throw new EngineError('BAD_OPTION', `create ${name}: invalid option: "${unknown}"`);
  if ('size' in options) throw new EngineError('BAD_OPTION', `create ${name}: quota size requested but no quota support`);
  const missing = Object.keys(options).length > 0 ? ['device', 'type'].find((key) => !options[key]) : undefined;
  if (missing !== undefined) throw new EngineError('BAD_OPTION', `create ${name}: missing required option: "${missing}"`);
}

/** 64 hexadecimal digits, as a volume without a name of its own is called. */
export function inventVolumeName(host: Pick<Host, 'random'>): string {
  const bytes = new Uint8Array(32);
  host.random.fill(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Who uses volumes: the ids of containers by the volume's name. */
export type VolumeUsers = (name: string) => readonly string[];

export class Volumes {
  readonly #folder: Folder;
  readonly #events: EventLog;
  readonly #host: Pick<Host, 'clock' | 'random' | 'directories'>;

  constructor(folder: Folder, host: Pick<Host, 'clock' | 'random' | 'directories'>) {
    this.#folder = folder;
    this.#host = host;
    this.#events = new EventLog(folder, host.clock);
  }

  /** Makes a volume, or gives the one of that name. Throws EngineError 'BAD_VOLUME', 'NO_DRIVER', 'BAD_OPTION', 'NO_VOLUMES'. */
  create(request: NewVolume): Volume {
    const name = request.name === undefined || request.name === '' ? inventVolumeName(this.#host) : demandVolumeName(request.name);
    demandOptions(name, request);
    this.#demandDirectories();
    return this.get(name) ?? this.#folder.exclusive(() => this.get(name) ?? this.#make(name, request));
  }

  #demandDirectories(): NonNullable<Host['directories']> {
    if (!this.#host.directories) throw new EngineError('NO_VOLUMES', 'this host has no directories for volumes');
    return this.#host.directories;
  }

  /** The record comes last: a folder without one is nobody's. */
  #make(name: string, { labels, options, anonymous = false }: NewVolume): Volume {
    const directories = this.#demandDirectories();
    const data = directories.storePath(volumeData(name));
    this.#folder.remove(folderOf(name));
    directories.make(data);
    const Labels = anonymous ? { ...labels, [ANONYMOUS_LABEL]: '' } : labels ?? null;
    const volume: Volume = { Name: name, CreatedAt: rfc3339(this.#host.clock.realtimeNs()).replace(/\.\d+/, ''), Labels, Options: options && Object.keys(options).length > 0 ? options : null, ...(anonymous ? { Anonymous: true } : {}) };
    this.#folder.write(recordPath(name), new TextEncoder().encode(JSON.stringify(volume)), !anonymous);
    tellVolume(this.#events, 'create', name);
    return volume;
  }

  get(name: string): Volume | undefined {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return undefined;
    const bytes = this.#folder.read(recordPath(name));
    if (!bytes || bytes.length === 0) return undefined;
    try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Volume; } catch {
      throw new EngineError('DAMAGED_VOLUME', `${recordPath(name)} is damaged: it describes no volume`);
    }
  }

  /** Throws EngineError 'NO_VOLUME'. */
  find(name: string): Volume {
    const volume = this.get(name);
    if (!volume) throw new EngineError('NO_VOLUME', `get ${name}: no such volume`);
    return volume;
  }

  /** All, by name. */
  list(): Volume[] { return this.#folder.list('volumes').sort().flatMap((name) => this.get(name) ?? []); }

  /** What a volume's files take, in bytes. */
  size(name: string): number { return this.#host.directories?.size(this.#host.directories.storePath(volumeData(name))) ?? 0; }

  /** Takes away those nobody uses; never those with options: they may stand for files elsewhere. `users` is asked under the store's lock. */
  prune(isWanted: (volume: Volume) => boolean, users: () => VolumeUsers): { readonly removed: readonly string[]; readonly reclaimedBytes: number } {
    return this.#folder.exclusive(() => {
      const of = users();
      const removed = this.list().filter((volume) => volume.Options === null && of(volume.Name).length === 0 && isWanted(volume)).map(({ Name }) => Name);
      const reclaimedBytes = removed.reduce((sum, name) => sum + this.size(name), 0);
      for (const name of removed) eraseVolume(this.#folder, this.#events, name);
      this.#events.tell('volume', 'prune', '', { reclaimed: String(reclaimedBytes) });
      return { removed, reclaimedBytes };
    });
  }

  /** Takes a volume away with all in it. Throws EngineError 'NO_VOLUME', 'VOLUME_IN_USE'. `users` is asked under the store's lock. */
  remove(name: string, users: VolumeUsers): void {
    this.#folder.exclusive(() => {
      this.find(name);
      const inUse = users(name);
      if (inUse.length > 0) throw new EngineError('VOLUME_IN_USE', `remove ${name}: volume is in use - [${inUse.join(', ')}]`);
      eraseVolume(this.#folder, this.#events, name);
    });
  }
}

/** The record goes first: a folder without one is nobody's. */
export function eraseVolume(folder: Folder, events: EventLog, name: string): void {
  folder.remove(recordPath(name));
  folder.remove(folderOf(name));
  tellVolume(events, 'destroy', name);
}

export function tellVolume(events: EventLog, action: string, name: string, more: Readonly<Record<string, string>> = {}): void { events.tell('volume', action, name, { driver: 'local', ...more }); }
