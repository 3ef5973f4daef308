// timerfd_create(2): a file that becomes readable when a timer expires and reads as the number of expirations.
import { EAGAIN, EINVAL } from '../../abi/index.ts';
import { Wait, WaitQueue } from '../../base/index.ts';
import { POLLIN } from '../../vfs/index.ts';
import type { OpenFile } from '../../vfs/index.ts';
import { anonymousInode } from './anonymous.ts';

/** What timers need of the machine. */
export interface TimerSource {
  /** The monotonic clock, in nanoseconds. */
  monotonicNs(): bigint;
  /** The wall clock, in nanoseconds since 1970. */
  realtimeNs(): bigint;
  /** `at` calls `fire` once the monotonic clock reaches `deadlineNs`; the returned function cancels it. */
  readonly timers: { at(deadlineNs: bigint, fire: () => void): () => void };
}

export interface TimerSetting { intervalNs: bigint; valueNs: bigint }

export class TimerFile implements OpenFile {
  readonly inode = anonymousInode('timerfd');
  readonly stream = true;
  readonly changed = new WaitQueue();
  readonly #source: TimerSource;
  /** Whether absolute times are of the wall clock. */
  readonly #realtime: boolean;
  #intervalNs = 0n;
  /** Monotonic; undefined: disarmed. */
  #nextNs: bigint | undefined;
  #cancel: () => void = () => {};

  constructor(source: TimerSource, realtime: boolean) {
    this.#source = source;
    this.#realtime = realtime;
  }

  /** Arms (or with value 0 disarms) the timer and returns the old setting. */
  set(setting: TimerSetting, absolute: boolean): TimerSetting {
    const old = this.get();
    const now = this.#source.monotonicNs();
    const origin = !absolute ? now : this.#realtime ? now - this.#source.realtimeNs() : 0n;
    this.#cancel();
    this.#intervalNs = setting.intervalNs;
    this.#nextNs = setting.valueNs === 0n ? undefined : origin + setting.valueNs;
    this.#plan();
    return old;
  }

  /** The interval and the time left until the next expiration (at least 1 while armed). */
  get(): TimerSetting {
    if (this.#nextNs === undefined) return { intervalNs: this.#intervalNs, valueNs: 0n };
    const now = this.#source.monotonicNs();
    let left = this.#nextNs - now;
    if (left <= 0n) left = this.#intervalNs > 0n ? this.#intervalNs - (-left % this.#intervalNs) : 0n;
    return { intervalNs: this.#intervalNs, valueNs: left };
  }

  read(into: Uint8Array, _position: number, nonblock: boolean): number | Wait {
    if (into.length < 8) throw EINVAL;
    const expirations = this.#expirations();
    if (expirations === 0n) {
      if (nonblock) throw EAGAIN;
      return new Wait([this.changed]);
    }
    this.#nextNs = this.#intervalNs > 0n ? this.#nextNs! + expirations * this.#intervalNs : undefined;
    this.#plan();
    new DataView(into.buffer, into.byteOffset, 8).setBigUint64(0, expirations, true);
    return 8;
  }

  poll(): number { return this.#expirations() > 0n ? POLLIN : 0; }

  close(): void { this.#cancel(); }

  #expirations(): bigint {
    if (this.#nextNs === undefined) return 0n;
    const late = this.#source.monotonicNs() - this.#nextNs;
    if (late < 0n) return 0n;
    return this.#intervalNs > 0n ? late / this.#intervalNs + 1n : 1n;
  }

  #plan(): void {
    this.#cancel = () => {};
    if (this.#nextNs !== undefined) this.#cancel = this.#source.timers.at(this.#nextNs, () => this.changed.wake());
  }
}
