// Signal sets, the record of one signal, and the queue of those not yet delivered. signal(7), sigqueue(3).
import { SI_TIMER, SIGBUS, SIGCONT, SIGFPE, SIGILL, SIGRTMIN, SIGSEGV, SIGSTOP, SIGSYS, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU } from '../abi/index.ts';

/** A set of signals: bit n - 1 is signal n. */
export type SignalSet = bigint;

const bits: SignalSet[] = Array.from({ length: 65 }, (_, n) => (n === 0 ? 0n : 1n << BigInt(n - 1)));
export const signalBit = (signal: number): SignalSet => bits[signal]!;
export const signalSet = (...signals: number[]): SignalSet => signals.reduce((set, s) => set | signalBit(s), 0n);
export const hasSignal = (set: SignalSet, signal: number): boolean => (set & signalBit(signal)) !== 0n;

export const STOP_SIGNALS = signalSet(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);
export const CONTINUE_SIGNAL = signalSet(SIGCONT);
/** SIGKILL and SIGSTOP: never blocked, handled or ignored. */
export const UNSTOPPABLE = signalSet(9, 19);
const SYNCHRONOUS = signalSet(SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS);

/** What comes with a signal (siginfo_t). Which fields hold depends on the signal and `code`. */
export interface SigInfo {
  signo: number;
  code: number;
  pid?: number;
  uid?: number;
  status?: number;
  /** Faults: the address. */
  addr?: number;
  /** SI_QUEUE and timers: sigval, as 64 bits. */
  value?: bigint;
  timerId?: number;
  overrun?: number;
  /** Processor exceptions: what the frame's trapno, err and cr2 hold. */
  trap?: { vector: number; error: number };
}

const lowest = (set: SignalSet): number => {
  const low = Number(set & 0xffff_ffffn);
  return low !== 0 ? 32 - Math.clz32(low & -low) : 64 - Math.clz32(Number(set >> 32n) & -Number(set >> 32n));
};

/** Signals sent and not yet delivered: one of each classic signal, any number of real-time ones, in order. */
export class PendingSignals {
  set: SignalSet = 0n;
  #queue: SigInfo[] = [];

  add(info: SigInfo): void {
    if (info.signo < SIGRTMIN && hasSignal(this.set, info.signo)) return;
    this.set |= signalBit(info.signo);
    this.#queue.push(info);
  }

  /** The pending signal of a timer of timer_create(2). */
  ofTimer(id: number): SigInfo | undefined { return this.#queue.find((info) => info.code === SI_TIMER && info.timerId === id); }

  /** How many are queued. */
  get count(): number { return this.#queue.length; }

  /** Takes the next signal of `wanted`: faults first, then the lowest number. */
  take(wanted: SignalSet): SigInfo | undefined {
    const ready = this.set & wanted;
    if (ready === 0n) return undefined;
    const signal = lowest((ready & SYNCHRONOUS) !== 0n ? ready & SYNCHRONOUS : ready);
    const at = this.#queue.findIndex((i) => i.signo === signal);
    const [info] = this.#queue.splice(at, 1);
    if (!this.#queue.some((i) => i.signo === signal)) this.set &= ~signalBit(signal);
    return info;
  }

  discard(signals: SignalSet): void {
    if ((this.set & signals) === 0n) return;
    this.set &= ~signals;
    this.#queue = this.#queue.filter((i) => !hasSignal(signals, i.signo));
  }
}
