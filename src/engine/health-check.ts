// Health checks: what an image or a flag asks for, with Docker's defaults, and what one more run of the check makes of a container's health.
import type { ContainerConfig } from './process-config.ts';
import type { Health, HealthProbe } from './container-state.ts';

const SECOND_MS = 1000;
/** How many runs are remembered, and how much of what one writes, in bytes. */
const PROBES = 5;
export const PROBE_OUTPUT = 4096;

/** Times in milliseconds. */
export interface HealthPlan {
  readonly argv: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures within it do not count. */
  readonly startPeriodMs: number;
  /** Between runs before the first good one, within the start period. */
  readonly startIntervalMs: number;
  readonly retries: number;
}

const inMs = (nanoseconds: number | undefined, otherwiseMs: number): number => (nanoseconds ? nanoseconds / 1e6 : otherwiseMs);

function argvOf([kind, ...words]: readonly string[], shell: readonly string[]): string[] | undefined {
  if (kind === 'CMD-SHELL') return [...shell, words.join(' ')];
  return kind === 'CMD' && words.length > 0 ? words : undefined;
}

/** undefined: it is not checked. */
export function healthPlan({ Healthcheck: check }: Pick<ContainerConfig, 'Healthcheck'>, shell: readonly string[] = ['/bin/sh', '-c']): HealthPlan | undefined {
  const argv = argvOf(check?.Test ?? [], shell);
  if (!check || !argv) return undefined;
  return {
    argv, intervalMs: inMs(check.Interval, 30 * SECOND_MS), timeoutMs: inMs(check.Timeout, 30 * SECOND_MS), startPeriodMs: inMs(check.StartPeriod, 0),
    startIntervalMs: inMs(check.StartInterval, 5 * SECOND_MS), retries: check.Retries || 3,
  };
}

export const isChecked = (config: Pick<ContainerConfig, 'Healthcheck'>): boolean => healthPlan(config) !== undefined;

/** How long the next run waits. */
export const waitMs = (plan: HealthPlan, { Status }: Health, upMs: number): number => (Status === 'starting' && upMs < plan.startPeriodMs ? Math.min(plan.startIntervalMs, plan.intervalMs) : plan.intervalMs);

/** The health after one more run, that began when the container had run for `upMs`. */
export function afterProbe(plan: HealthPlan, { Status, FailingStreak, Log }: Health, probe: HealthProbe, upMs: number): Health {
  const log = [...Log, probe].slice(-PROBES);
  if (probe.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log: log };
  if (Status === 'starting' && upMs < plan.startPeriodMs) return { Status, FailingStreak, Log: log };
  const streak = FailingStreak + 1;
  return { Status: streak >= plan.retries ? 'unhealthy' : Status, FailingStreak: streak, Log: log };
}
