// The containers that are kept: a folder each in the store, found by name or id, changed under the store's lock, told truthfully even after the process that ran one was killed.
import { rfc3339 } from '../base/index.ts';
import type { Folder, Host, Processes } from '../host/ports.ts';
import { blobPath, type Image, type ImageUser, type InUse } from '../oci/index.ts';
import { connected, disconnected } from './connecting.ts';
import { demandName, inventName } from './container-names.ts';
import { type ContainerRecord, isBefore, packRecord, parseRecord, recordPath } from './container-record.ts';
import { begun, type ContainerState, ended, type Ending, hasPrograms, type Health, initialState, isUp, restarting } from './container-state.ts';
import { demandNetworks, demandOneNetwork } from './demand-networks.ts';
import { Endpoints } from './endpoints.ts';
import { EngineError } from './errors.ts';
import { EventLog } from './events.ts';
import { isChecked } from './health-check.ts';
import { isToRestart } from './restart-policy.ts';
import { adaptedHostConfig, demandConfig, demandHostConfig } from './demand-host-config.ts';
import type { HostConfig } from './host-config.ts';
import type { EndpointRequest, NetworkRecord } from './network-record.ts';
import { Networks } from './networks.ts';
import type { MountPoint } from './mount-points.ts';
import type { PortBindings } from './published-ports.ts';
import { containerConfig, type RunRequest } from './process-config.ts';
import { eraseVolume, type VolumeUsers } from './volumes.ts';

export interface NewContainer extends Omit<RunRequest, 'hostname'> {
  /** Absent: the first twelve digits of the container's id. */
  readonly hostname?: string;
  /** Absent: one is made up. */
  readonly name?: string;
  /** Its writable layer is kept in memory only; so it is when it is removed at its end. */
  readonly inMemory?: boolean;
  readonly hostConfig?: Partial<HostConfig>;
  /** Networks that users made, by name. */
  readonly networks?: Readonly<Record<string, EndpointRequest>>;
  /** Its volumes are there. */
  readonly mounts?: readonly MountPoint[];
}

/** The exit code of a container whose process was killed. */
const KILLED = 137;

export class Containers {
  readonly #folder: Folder;
  readonly #host: Pick<Host, 'clock' | 'random' | 'log'>;
  readonly #processes: Processes;
  readonly networks: Networks;
  readonly endpoints: Endpoints;
  readonly events: EventLog;

  constructor(folder: Folder, host: Pick<Host, 'clock' | 'random' | 'log'>, processes: Processes) {
    this.#folder = folder;
    this.#host = host;
    this.#processes = processes;
    this.networks = new Networks(folder, host);
    this.endpoints = new Endpoints(folder, processes, this.networks);
    this.events = new EventLog(folder, host.clock);
  }

  /** Keeps a new container, `created`, or with `begin` already run by this process. Throws EngineError 'BAD_NAME', 'NAME_TAKEN', 'NO_COMMAND', 'BAD_WORKDIR', 'NO_IMAGE'. */
  create(image: Image, request: NewContainer, { begin = false } = {}): ContainerRecord {
    const id = this.#newId();
    const name = request.name === undefined ? undefined : demandName(request.name);
    demandHostConfig(request.hostConfig ?? {});
    demandOneNetwork(request.hostConfig ?? {}, request);
    const HostConfig = adaptedHostConfig(request.hostConfig ?? {});
    const autoRemove = HostConfig.AutoRemove ?? false;
    const Config = containerConfig(image.config.config ?? {}, { ...request, hostname: request.hostname ?? id.slice(0, 12) });
    demandConfig(Config);
    return this.#folder.exclusive(() => {
      const others = this.#records();
      const holder = others.find((other) => other.Name === name);
      if (holder) throw nameTaken(holder);
      if (!this.#folder.has(blobPath(image.id))) throw new EngineError('NO_IMAGE', `No such image: ${request.image ?? image.id}`);
      const isTaken = (invented: string): boolean => others.some((other) => other.Name === invented);
      const created: ContainerRecord = {
        Id: id, Created: this.#now(), Name: name ?? inventName(this.#host.random, isTaken), Image: image.id, Layers: image.layers, InMemory: request.inMemory ?? autoRemove, KeepsLog: keepsLog(request), Config,
        HostConfig, ...(request.networks ? { Networks: request.networks } : {}), ...(request.mounts && request.mounts.length > 0 ? { Mounts: request.mounts } : {}), State: initialState,
      };
      const record = begin ? this.#begun(created) : created;
      this.#write(record);
      this.events.ofContainer(record, 'create');
      return record;
    });
  }

  #newId(): string {
    const bytes = new Uint8Array(32);
    this.#host.random.fill(bytes);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  #now(): string { return rfc3339(this.#host.clock.realtimeNs()); }
  /** One that is removed when it ends need not outlive a power cut. */
  #write(record: ContainerRecord, isLasting = !record.HostConfig.AutoRemove): void { this.#folder.write(recordPath(record.Id), packRecord(record), isLasting); }

  #read(id: string): ContainerRecord | undefined {
    const bytes = this.#folder.read(recordPath(id));
    return bytes && bytes.length > 0 ? parseRecord(id, bytes) : undefined;
  }

  /** Every container; a damaged record is told and left out, so that the others can be worked with. */
  #records(): ContainerRecord[] {
    return this.#folder.list('containers').flatMap((id) => {
      try { return this.#read(id) ?? []; } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        this.#host.log(`wherry: ${error.message}`);
        return [];
      }
    });
  }

  /** All containers, the newest first. One whose process is gone is shown as killed; one that was to be removed then is. */
  list(): ContainerRecord[] {
    const records = this.#records().flatMap((record) => this.#settled(record) ?? []);
    return records.sort((a, b) => (isBefore(a.Created, b.Created) ? 1 : -1));
  }

  /** The container of this name, id or start of an id. Throws EngineError 'NO_CONTAINER', 'AMBIGUOUS_ID'. */
  find(text: string): ContainerRecord {
    const exact = /^[0-9a-f]{64}$/.test(text) ? this.#read(text) : undefined;
    const found = exact ?? this.#search(text);
    const record = found && this.#settled(found);
    if (!record) throw new EngineError('NO_CONTAINER', `No such container: ${text}`);
    return record;
  }

  /** Whether a text names a container. Throws EngineError 'AMBIGUOUS_ID'. */
  has(text: string): boolean { return this.#search(text) !== undefined; }

  #search(text: string): ContainerRecord | undefined {
    const records = this.#records();
    const name = text.startsWith('/') ? text.slice(1) : text;
    const named = records.find((record) => record.Name === name);
    if (named || text === '') return named;
    const starting = records.filter((record) => record.Id.startsWith(text));
    if (starting.length > 1) throw new EngineError('AMBIGUOUS_ID', `Multiple IDs found with provided prefix: ${text}`);
    return starting[0];
  }

  #isAbandoned({ State }: ContainerRecord): boolean { return State.Supervisor !== undefined && !this.#processes.isAlive(State.Supervisor); }

  /** The record as it is: when the process that ran it is gone, it was killed. undefined: it was to be removed when it ends. */
  #settled(record: ContainerRecord): ContainerRecord | undefined {
    if (!this.#isAbandoned(record)) return record;
    return this.#folder.exclusive(() => {
      const now = this.#read(record.Id);
      if (!now || !this.#isAbandoned(now)) return now;
      this.endpoints.left(now);
      if (now.HostConfig.AutoRemove) {
        this.#tellKilled(now);
        this.#erase(now, true);
        return undefined;
      }
      this.#tellKilled(now);
      return this.#changed(now, hasPrograms(now) ? ended(now.State, { exitCode: KILLED }, this.#now()) : abandoned(now.State));
    });
  }

  #tellKilled(record: ContainerRecord): void { if (hasPrograms(record)) this.events.ofContainer(record, 'die', { exitCode: String(KILLED) }); }

  #changed(record: ContainerRecord, State: ContainerState): ContainerRecord {
    const changed = { ...record, State };
    this.#write(changed);
    return changed;
  }

  /** The host listens for the container. */
  published(id: string, Ports: PortBindings): void { this.#update(id, (record) => ({ ...record, State: { ...record.State, Ports } })); }

  /** Puts a container on a network. Throws EngineError 'CANNOT_CONNECT', 'BAD_ADDRESS', 'NO_ADDRESS', 'NO_CONTAINER'. */
  connect(id: string, network: NetworkRecord, request: EndpointRequest): ContainerRecord {
    const record = this.#update(id, (before) => connected(before, network, request, this.endpoints));
    this.#tellNetwork('connect', network, id);
    return record;
  }

  /** Takes it off again. Throws EngineError 'CANNOT_CONNECT', 'NO_CONTAINER'. */
  disconnect(id: string, network: NetworkRecord): ContainerRecord {
    const record = this.#update(id, (before) => disconnected(before, network, this.endpoints));
    this.#tellNetwork('disconnect', network, id);
    return record;
  }

  #tellNetwork(action: string, { Id, Name, Driver }: NetworkRecord, container: string): void { this.events.tell('network', action, Id, { container, name: Name, type: Driver }); }

  /** Reads the record again and changes it, while nobody else does. Throws EngineError 'NO_CONTAINER' when it is gone. */
  #update(id: string, change: (record: ContainerRecord) => ContainerRecord): ContainerRecord {
    return this.#folder.exclusive(() => {
      const record = this.#read(id);
      if (!record) throw new EngineError('NO_CONTAINER', `No such container: ${id}`);
      const changed = change(record);
      this.#write(changed);
      return changed;
    });
  }

  /** This process runs the container from now on. Throws EngineError 'RUNNING' when another one does, 'BUSY' while another one works on its files. */
  begin(id: string): ContainerRecord {
    return this.#update(id, (record) => {
      this.#demandIdle(record, `container ${record.Id} is already running, in process ${record.State.Supervisor?.pid}`);
      const { IsStopped: _, RestartCount: __, ...rest } = record;
      return this.#begun(rest);
    });
  }

  /** This process runs it again, as its restart policy asks for. undefined: it has been ended or removed meanwhile, or somebody else runs it. Throws EngineError 'BUSY'. */
  beginAgain(id: string, isWanted = false): ContainerRecord | undefined {
    return this.#folder.exclusive(() => {
      const record = this.#read(id);
      if (record?.State.Status !== 'restarting' || !this.#isOurs(record)) return undefined;
      this.#demandUnheld(record);
      const { IsStopped: _, ...rest } = record;
      const again = this.#begun(isWanted ? rest : { ...record, RestartCount: (record.RestartCount ?? 0) + 1 });
      this.#write(again);
      return again;
    });
  }

  /** Nobody runs it or works on its files. */
  #demandIdle(record: ContainerRecord, running: string): void {
    if (isUp(record) && !this.#isAbandoned(record)) throw new EngineError('RUNNING', running);
    this.#demandUnheld(record);
  }

  #demandUnheld(record: ContainerRecord): void {
    if (record.Holder && this.#processes.isAlive(record.Holder)) throw new EngineError('BUSY', `process ${record.Holder.pid} is working on the files of container ${record.Id}`);
  }

  /** This process alone works on the files of a container that does not run, until `release`. Throws EngineError 'RUNNING', 'BUSY', 'NO_CONTAINER'. */
  hold(id: string): ContainerRecord {
    return this.#update(id, (record) => {
      if (record.State.Status === 'restarting') this.#demandUnheld(record);
      else this.#demandIdle(record, `container ${record.Id} is running`);
      return { ...record, Holder: this.#processes.self };
    });
  }

  release(id: string): void { this.#update(id, ({ Holder: _, ...record }) => record); }

  #isOurs({ State: { Supervisor } }: ContainerRecord): boolean {
    const { self } = this.#processes;
    return Supervisor?.pid === self.pid && Supervisor.started === self.started;
  }

  #begun(record: ContainerRecord): ContainerRecord {
    const Networks = demandNetworks(record, this.networks);
    const owner = this.#networkOwner(record);
    const placed = { ...record, ...(Networks ? { Networks } : {}), ...(owner ? { Config: { ...record.Config, Hostname: owner.Config.Hostname, Domainname: owner.Config.Domainname } } : {}) };
    if (owner) this.endpoints.share(owner.Id, record.Id);
    return { ...placed, State: { ...begun(record.State, this.#processes.self, this.#now(), isChecked(record.Config)), Networks: this.endpoints.joinAll(placed), ...(owner ? { NetworkOf: owner.Id } : {}) } };
  }

  /** The container whose network it shares; undefined: it has its own. Throws EngineError 'NO_CONTAINER', 'NOT_RUNNING', 'NO_NETWORK'. */
  #networkOwner({ HostConfig: { NetworkMode: mode = '' } }: ContainerRecord): ContainerRecord | undefined {
    if (!mode.startsWith('container:')) return undefined;
    const named = this.find(mode.slice('container:'.length));
    if (!hasPrograms(named)) throw new EngineError('NOT_RUNNING', `cannot join network of a non running container: ${named.Id}`);
    const owner = this.networkOwnerOf(named);
    if (owner.HostConfig.NetworkMode === 'none') throw new EngineError('NO_NETWORK', `container ${owner.Id} has no network that could be shared`);
    return owner;
  }

  /** Lines of hosts(5) for the containers that it is linked to on the default bridge, as ExtraHosts says them. Throws EngineError 'NO_CONTAINER', 'NOT_RUNNING'. */
  linkedHosts({ Name, HostConfig: { NetworkMode: mode = 'default', Links } }: ContainerRecord): string[] {
    if (mode !== 'default' && mode !== 'bridge') return [];
    return (Links ?? []).map((link) => {
      const [target = '', alias = target] = link.split(':');
      const other = this.find(target);
      if (!hasPrograms(other)) throw new EngineError('NOT_RUNNING', `Cannot link to a non running container: /${other.Name} AS /${Name}/${alias}`);
      const names = new Set([alias, other.Config.Hostname, other.Name]);
      return `${[...names].join(' ')}:${other.State.Networks?.['bridge']?.IPAddress ?? ''}`;
    });
  }

  /** Of a container that has begun: whose network it is on, which may be itself. Throws EngineError 'NO_CONTAINER'. */
  networkOwnerOf(record: ContainerRecord): ContainerRecord { return record.State.NetworkOf === undefined ? record : this.find(record.State.NetworkOf); }

  /** Its programs, which this process ran, have ended: it is removed when that was asked for. With `mayRestart` its restart policy counts; true: it is to be begun again. */
  end(id: string, ending: Ending, mayRestart = false, isWanted = false): boolean {
    let again = false;
    this.#leave(id, (record) => {
      if (ending.oomKilled) this.events.ofContainer(record, 'oom');
      this.events.ofContainer(record, 'die', { exitCode: String(ending.exitCode) });
      again = isWanted || (mayRestart && isToRestart(record, ending.exitCode));
      return (again ? restarting : ended)(record.State, ending, this.#now());
    });
    return again;
  }

  /** Its programs are paused, or go on. Throws EngineError 'NO_CONTAINER'. */
  paused(id: string, isPaused: boolean): void {
    const record = this.#update(id, (before) => ({ ...before, State: { ...before.State, Status: isPaused ? 'paused' : 'running' } }));
    this.events.ofContainer(record, isPaused ? 'pause' : 'unpause');
  }

  /** Somebody ends it: its restart policy does not start it again, and one that waits for that has ended. */
  stopping(id: string): ContainerRecord {
    return this.#update(id, (record) => ({ ...record, IsStopped: true, State: record.State.Status === 'restarting' ? abandoned(record.State) : record.State }));
  }

  /** What its checks have found. */
  checked(id: string, found: Health): void {
    this.#folder.exclusive(() => {
      const record = this.#read(id);
      if (!record || !hasPrograms(record)) return;
      this.#write({ ...record, State: { ...record.State, Health: found } }, false);
      if (record.State.Health?.Status !== found.Status) this.events.ofContainer(record, `health_status: ${found.Status}`);
    });
  }

  /** Other limits, or another restart policy. Throws EngineError 'NO_CONTAINER', 'BAD_HOST_CONFIG'. */
  update(id: string, more: Partial<HostConfig>): ContainerRecord {
    const record = this.#update(id, (before) => {
      const said = { ...before.HostConfig, ...more };
      demandHostConfig(said);
      return { ...before, HostConfig: { ...before.HostConfig, ...adaptedHostConfig(said) } };
    });
    this.events.ofContainer(record, 'update');
    return record;
  }

  /** The start did not come about: the container is as it was and says why, or is removed when that was asked for. */
  failed(id: string, before: ContainerState, error: string, exitCode: number): void {
    this.#leave(id, () => ({ ...(before.Supervisor ? abandoned(before) : before), ExitCode: exitCode, Error: error }));
  }

  /** This process does not run the container any more: the record says how it is now, or goes. */
  #leave(id: string, stateNow: (record: ContainerRecord) => ContainerState): void {
    this.#folder.exclusive(() => {
      const record = this.#read(id);
      if (!record) throw new EngineError('NO_CONTAINER', `No such container: ${id}`);
      this.endpoints.left(record);
      const State = stateNow(record);
      if (record.HostConfig.AutoRemove && State.Status !== 'restarting') this.#erase(record, true);
      else this.#changed(record, State);
    });
  }

  /** Throws EngineError 'BAD_NAME', 'NAME_TAKEN', 'SAME_NAME', 'NO_CONTAINER'. */
  rename(text: string, said: string): void {
    const { Id, Name } = this.find(text);
    let name: string;
    try { name = demandName(said.startsWith('/') ? said : `/${said}`); } catch (error) { throw allocating(error); }
    if (name === Name) throw new EngineError('SAME_NAME', 'Renaming a container with the same name as its current name');
    const renamed = this.#update(Id, (record) => {
      const holder = this.#records().find((other) => other.Name === name);
      if (holder) throw allocating(nameTaken(holder));
      return { ...record, Name: name };
    });
    this.events.ofContainer(renamed, 'rename', { oldName: `/${Name}` });
  }

  /** Takes a container that does not run away. `volumes`: and volumes that were made for it alone. Throws EngineError 'RUNNING', 'BUSY', 'NO_CONTAINER'. */
  remove(id: string, { volumes = false } = {}): void {
    this.#folder.exclusive(() => {
      const record = this.#read(id);
      if (!record) throw new EngineError('NO_CONTAINER', `No such container: ${id}`);
      const { Status } = record.State;
      this.#demandIdle(record, `You cannot remove a ${Status} container ${id}. ${Status === 'paused' ? 'Unpause and then stop' : 'Stop'} the container before attempting removal or force remove`);
      this.endpoints.left(record);
      this.#tellKilled(record);
      this.#erase(record, volumes);
    });
  }

  /** The record goes first: what is left of a folder without one is nobody's. */
  #erase(record: ContainerRecord, withVolumes: boolean): void {
    const { Id, Mounts = [] } = record;
    this.#folder.remove(recordPath(Id));
    this.#folder.remove(`containers/${Id}`);
    this.endpoints.forget(Id);
    this.events.ofContainer(record, 'destroy');
    const anonymous = withVolumes ? Mounts.filter(({ Anonymous }) => Anonymous) : [];
    const users = anonymous.length > 0 ? this.volumeUsers() : undefined;
    for (const { Name = '' } of anonymous) if (users!(Name).length === 0) eraseVolume(this.#folder, this.events, Name);
  }

  /** Which containers mount a volume, as things are when it is first asked. */
  volumeUsers(): VolumeUsers {
    let records: ContainerRecord[] | undefined;
    return (name) => (records ??= this.#records()).filter(({ Mounts = [] }) => Mounts.some(({ Name }) => Name === name)).map(({ Id }) => Id);
  }

  /** Whether there still is a container of this id. */
  exists(id: string): boolean { return this.#folder.has(recordPath(id)); }

  /** Which containers use an image, as things are when it is first asked (the store asks under its lock), those that run first. */
  users(): InUse {
    let records: ContainerRecord[] | undefined;
    return (id) => (records ??= this.#records()).filter((record) => record.Image === id).map((record): ImageUser => ({ container: record.Id, running: isUp(record) && !this.#isAbandoned(record) }))
      .sort((a, b) => Number(b.running) - Number(a.running));
  }
}

/** Nobody has it in hand any more; how its programs ended last is known. */
function abandoned({ Supervisor: _, ...state }: ContainerState): ContainerState { return { ...state, Status: 'exited' }; }

/** What it writes is the caller's alone when it runs in the caller's process and is gone at its end. */
const keepsLog = ({ hostConfig = {}, attached = true }: NewContainer): boolean => !(hostConfig.AutoRemove && attached) && hostConfig.LogConfig?.Type !== 'none';

const nameTaken = (holder: ContainerRecord): EngineError =>
  new EngineError('NAME_TAKEN', `Conflict. The container name "/${holder.Name}" is already in use by container "${holder.Id}". You have to remove (or rename) that container to be able to reuse that name.`);

/** Docker's words before what hinders a new name. */
function allocating(error: unknown): unknown {
  return error instanceof EngineError ? new EngineError(error.code, `Error when allocating new name: ${error.message}`) : error;
}
