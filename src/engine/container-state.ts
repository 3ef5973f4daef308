// How a container's state goes on: one function a change, from the state before to the one after.
import type { ProcessId } from '../host/ports.ts';
import type { ContainerNetworks } from './endpoints.ts';
import type { PortBindings } from './published-ports.ts';

/** Between two runs that its restart policy asks for it is `restarting`. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited';

/** One run of a container's health check. */
export interface HealthProbe {
  /** RFC 3339. */
  readonly Start: string;
  readonly End: string;
  /** -1: it did not end in time. */
  readonly ExitCode: number;
  readonly Output: string;
}

export interface Health {
  readonly Status: 'starting' | 'healthy' | 'unhealthy';
  readonly FailingStreak: number;
  /** The last ones, the newest at the end. */
  readonly Log: readonly HealthProbe[];
}

export interface ContainerState {
  readonly Status: ContainerStatus;
  /** The process that runs it, or waits to run it again. */
  readonly Supervisor?: ProcessId;
  readonly ExitCode: number;
  /** Why the last start failed, or ''. */
  readonly Error: string;
  /** RFC 3339; `never` before the first start. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
  /** One of its processes was killed because memory had run out. */
  readonly OOMKilled?: boolean;
  /** Where the host listens for it while it runs. */
  readonly Ports?: PortBindings;
  /** Its addresses while it runs, by the networks' names. */
  readonly Networks?: ContainerNetworks;
  /** The id of the container whose network it shares while it runs. */
  readonly NetworkOf?: string;
  /** Of one that is checked. */
  readonly Health?: Health;
}

/** The time before all containers. */
export const never = '0001-01-01T00:00:00Z';

export const initialState: ContainerState = { Status: 'created', ExitCode: 0, Error: '', StartedAt: never, FinishedAt: never };

/** Somebody has it in hand: its programs run, are paused, or are to be started again. */
export const isUp = ({ State }: { readonly State: ContainerState }): boolean => State.Supervisor !== undefined;

/** It has programs, be they paused. */
export const hasPrograms = ({ State }: { readonly State: ContainerState }): boolean => State.Status === 'running' || State.Status === 'paused';

export function begun({ FinishedAt }: ContainerState, Supervisor: ProcessId, StartedAt: string, isChecked: boolean): ContainerState {
  return { Status: 'running', Supervisor, ExitCode: 0, Error: '', StartedAt, FinishedAt, ...(isChecked ? { Health: { Status: 'starting', FailingStreak: 0, Log: [] } } : {}) };
}

/** How its programs ended. */
export interface Ending { readonly exitCode: number; readonly oomKilled?: boolean }

export function ended(state: ContainerState, { exitCode, oomKilled = false }: Ending, FinishedAt: string): ContainerState {
  const { Supervisor: _, Ports: __, Networks: ___, NetworkOf: ____, ...rest } = state;
  return { ...rest, Status: 'exited', ExitCode: exitCode, FinishedAt, ...(oomKilled ? { OOMKilled: true } : {}), ...unhealthy(state) };
}

/** As ended, but in hand. */
export const restarting = (state: ContainerState, ending: Ending, FinishedAt: string): ContainerState =>
  ({ ...ended(state, ending, FinishedAt), Status: 'restarting', ...(state.Supervisor ? { Supervisor: state.Supervisor } : {}) });

/** Whoever has ended is not healthy. */
const unhealthy = ({ Health }: ContainerState): Pick<ContainerState, 'Health'> => (Health ? { Health: { ...Health, Status: 'unhealthy' } } : {});
