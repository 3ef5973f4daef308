// Checks a container's health while it runs: runs its check now and then, and tells what that makes of its health.
import { rfc3339 } from '../base/index.ts';
import type { Host } from '../host/ports.ts';
import type { Beside, MachineExit, ProcessIo } from '../machine/index.ts';
import type { Health, HealthProbe } from './container-state.ts';
import { afterProbe, type HealthPlan, PROBE_OUTPUT, waitMs } from './health-check.ts';

const SIGKILL = 9;
const NS_IN_MS = 1_000_000n;

/** What a check has written, as far as it is remembered. */
class ProbeOutput {
  #bytes = new Uint8Array(0);
  readonly io: ProcessIo = { streams: { stdout: (bytes) => { this.#take(bytes); }, stderr: (bytes) => { this.#take(bytes); } } };

  #take(bytes: Uint8Array): void {
    const more = bytes.subarray(0, PROBE_OUTPUT - this.#bytes.length);
    if (more.length > 0) this.#bytes = Uint8Array.from([...this.#bytes, ...more]);
  }
  get text(): string { return new TextDecoder().decode(this.#bytes); }
}

/** Go's spelling of a duration: 1m30s, 1.5s, 100ms. */
function durationText(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

const codeOf = (exit: MachineExit): number => ('code' in exit ? exit.code : 128 + exit.signal);

export interface Checked {
  readonly plan: HealthPlan;
  /** Runs the check beside the container's programs. Throws an Error that says why it cannot. */
  exec(io: ProcessIo): Beside;
  /** While its programs are paused it is not checked. */
  isPaused(): boolean;
  tell(health: Health): void;
}

export class HealthMonitor {
  readonly #host: Pick<Host, 'clock' | 'loop'>;
  readonly #checked: Checked;
  readonly #startedNs: bigint;
  #health: Health = { Status: 'starting', FailingStreak: 0, Log: [] };
  #cancel = (): void => {};
  #isOver = false;

  constructor(host: Pick<Host, 'clock' | 'loop'>, checked: Checked) {
    this.#host = host;
    this.#checked = checked;
    this.#startedNs = host.clock.monotonicNs();
    this.#wait();
  }

  get #upMs(): number { return Number((this.#host.clock.monotonicNs() - this.#startedNs) / NS_IN_MS); }

  #wait(): void { this.#cancel = this.#later(waitMs(this.#checked.plan, this.#health, this.#upMs), () => { void this.#check(); }); }
  #later(ms: number, act: () => void): () => void { return this.#host.loop.later(act, BigInt(Math.round(ms)) * NS_IN_MS); }
  #now(): string { return rfc3339(this.#host.clock.realtimeNs()); }

  async #check(): Promise<void> {
    if (!this.#checked.isPaused()) await this.#probeOnce();
    if (!this.#isOver) this.#wait();
  }

  async #probeOnce(): Promise<void> {
    const Start = this.#now();
    const upMs = this.#upMs;
    const result = await this.#probe();
    if (this.#isOver) return;
    this.#health = afterProbe(this.#checked.plan, this.#health, { Start, End: this.#now(), ...result }, upMs);
    this.#checked.tell(this.#health);
  }

  async #probe(): Promise<Pick<HealthProbe, 'ExitCode' | 'Output'>> {
    const output = new ProbeOutput();
    const { timeoutMs } = this.#checked.plan;
    let beside: Beside;
    try { beside = this.#checked.exec(output.io); } catch (error) { return { ExitCode: -1, Output: (error as Error).message }; }
    let isLate = false;
    const cancel = this.#later(timeoutMs, () => {
      isLate = true;
      beside.signal(SIGKILL);
    });
    const exit = await beside.exit;
    cancel();
    return isLate ? { ExitCode: -1, Output: `Health check exceeded timeout (${durationText(timeoutMs)})` } : { ExitCode: codeOf(exit), Output: output.text };
  }

  /** The container has ended. */
  end(): void {
    this.#isOver = true;
    this.#cancel();
  }
}
