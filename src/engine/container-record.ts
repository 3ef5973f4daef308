// What is kept of a container: one JSON document in the words of Docker's inspect.
import type { ProcessId } from '../host/ports.ts';
import type { ImageLayer, RunConfig } from '../oci/index.ts';
import type { ContainerState } from './container-state.ts';
import { EngineError } from './errors.ts';
import type { HostConfig } from './host-config.ts';
import type { EndpointRequest } from './network-record.ts';
import type { MountPoint } from './mount-points.ts';
import type { ContainerConfig } from './process-config.ts';

export interface ContainerRecord {
  /** 64 hexadecimal digits. */
  readonly Id: string;
  /** RFC 3339, nanoseconds, UTC. */
  readonly Created: string;
  /** Without the slash that inspect shows. */
  readonly Name: string;
  /** The image's id. */
  readonly Image: string;
  /** What lies below its writable layer, lowest first: it starts again even when the image has lost its names. */
  readonly Layers: readonly ImageLayer[];
  /** The writable layer is in the memory of the process that runs it. */
  readonly InMemory: boolean;
  readonly KeepsLog: boolean;
  readonly Config: ContainerConfig;
  /** What was asked for; the rest is as usual (`hostConfigOf`). */
  readonly HostConfig: Partial<HostConfig>;
  /** Networks that users made, by name, and what it asks of them; absent: the mode says which. */
  readonly Networks?: Readonly<Record<string, EndpointRequest>>;
  /** Volumes, directories of the host, and tmpfs that --mount asks for. */
  readonly Mounts?: readonly MountPoint[];
  readonly State: ContainerState;
  /** How often its restart policy has started it again since somebody did. */
  readonly RestartCount?: number;
  /** Somebody has ended it: its restart policy does not start it again. */
  readonly IsStopped?: boolean;
  /** The process that reads or changes its files while it does not run. */
  readonly Holder?: ProcessId;
}

/** What its first process is started with. */
export const argvOf = ({ Config }: ContainerRecord): string[] => [...Config.Entrypoint ?? [], ...Config.Cmd ?? []];

/** What of its configuration an image made of it has, too (image-spec config.md). */
export function imageConfigOf({ Config: c }: ContainerRecord): RunConfig {
  return {
    User: c.User, ...(c.ExposedPorts ? { ExposedPorts: c.ExposedPorts } : {}), Env: c.Env, Entrypoint: c.Entrypoint, Cmd: c.Cmd, Volumes: c.Volumes, WorkingDir: c.WorkingDir, Labels: c.Labels,
    ...(c.StopSignal ? { StopSignal: c.StopSignal } : {}), ...(c.Healthcheck ? { Healthcheck: c.Healthcheck } : {}),
  };
}

/** Whether one time is before another, to the nanosecond: fractions have as many digits as they need. */
export const isBefore = (one: string, other: string): boolean => sortable(one) < sortable(other);
const sortable = (time: string): string => time.replace(/(?:\.(\d+))?Z$/, (_, digits = '') => `.${String(digits).padEnd(9, '0')}`);

export const recordPath = (id: string): string => `containers/${id}/config.json`;

export const packRecord = (record: ContainerRecord): Uint8Array => new TextEncoder().encode(JSON.stringify(record));

/** Throws EngineError 'DAMAGED_CONTAINER' for a document that is none. */
export function parseRecord(id: string, bytes: Uint8Array): ContainerRecord {
  try {
    const record = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as ContainerRecord;
    if (record.Id === id && typeof record.Name === 'string' && typeof record.State.Status === 'string' && Array.isArray(record.Layers) && Array.isArray(record.Config.Env)) return record;
  } catch { /* the error below names the file */ }
  throw new EngineError('DAMAGED_CONTAINER', `${recordPath(id)} is damaged: it is no container's configuration`);
}
