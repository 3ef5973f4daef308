// Files that are events: eventfd and timerfd. eventfd(2), timerfd_create(2).
import { CAP_SYS_TIME, EINVAL, EPERM, O_CLOEXEC, O_NONBLOCK, O_RDWR, itimerspecLayout } from '../../abi/index.ts';
import { Description, EventFile, TimerFile } from '../../linux/index.ts';
import type { Task, TimerSetting } from '../../linux/index.ts';
import { Fd, Ptr, UInt, flags, oneOf } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';

const EFD = { EFD_SEMAPHORE: 1, EFD_NONBLOCK: O_NONBLOCK, EFD_CLOEXEC: O_CLOEXEC } as const;

/** Gives the file a descriptor, with the flags that both kinds share. */
function install(task: Task, file: EventFile | TimerFile, bits: number): number {
  return task.files.add(new Description(file, O_RDWR | (bits & O_NONBLOCK)), (bits & O_CLOEXEC) !== 0);
}

function eventfd2(task: Task, initial: number, bits: number): number {
  if (bits & ~(EFD.EFD_SEMAPHORE | EFD.EFD_NONBLOCK | EFD.EFD_CLOEXEC)) throw EINVAL;
  return install(task, new EventFile(initial, (bits & EFD.EFD_SEMAPHORE) !== 0), bits);
}

const CLOCKS = { CLOCK_REALTIME: 0, CLOCK_MONOTONIC: 1, CLOCK_BOOTTIME: 7, CLOCK_REALTIME_ALARM: 8, CLOCK_BOOTTIME_ALARM: 9 } as const;
const TFD = { TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 } as const;

function timerfdCreate(task: Task, clock: number, bits: number): number {
  if (bits & ~(O_NONBLOCK | O_CLOEXEC) || !Object.values(CLOCKS).includes(clock as 0)) throw EINVAL;
  if (clock >= CLOCKS.CLOCK_REALTIME_ALARM && !task.credentials.has(CAP_SYS_TIME)) throw EPERM;
  const realtime = clock === CLOCKS.CLOCK_REALTIME || clock === CLOCKS.CLOCK_REALTIME_ALARM;
  return install(task, new TimerFile(task.kernel, realtime), bits);
}

const timerOf = (task: Task, fd: number): TimerFile => {
  const { file } = task.files.get(fd);
  if (!(file instanceof TimerFile)) throw EINVAL;
  return file;
};

const SECOND_NS = 1_000_000_000n;

function settingAt(task: Task, ptr: number): TimerSetting {
  const raw = itimerspecLayout.decode(task.memory.readable(ptr, itimerspecLayout.size));
  const time = (seconds: bigint, nsec: bigint): bigint => {
    if (seconds < 0n || nsec < 0n || nsec >= SECOND_NS) throw EINVAL;
    return seconds * SECOND_NS + nsec;
  };
  return { intervalNs: time(raw.interval_sec, raw.interval_nsec), valueNs: time(raw.value_sec, raw.value_nsec) };
}

function storeSetting(task: Task, ptr: number, { intervalNs, valueNs }: TimerSetting): void {
  const coded = itimerspecLayout.encode({ interval_sec: intervalNs / SECOND_NS, interval_nsec: intervalNs % SECOND_NS, value_sec: valueNs / SECOND_NS, value_nsec: valueNs % SECOND_NS });
  task.memory.writable(ptr, coded.length).set(coded);
}

function timerfdSettime(task: Task, fd: number, bits: number, newPtr: number, oldPtr: number): number {
  const setting = settingAt(task, newPtr);
  if (bits & ~(TFD.TFD_TIMER_ABSTIME | TFD.TFD_TIMER_CANCEL_ON_SET)) throw EINVAL;
  const old = timerOf(task, fd).set(setting, (bits & TFD.TFD_TIMER_ABSTIME) !== 0);
  if (oldPtr !== 0) storeSetting(task, oldPtr, old);
  return 0;
}

function timerfdGettime(task: Task, fd: number, ptr: number): number {
  storeSetting(task, ptr, timerOf(task, fd).get());
  return 0;
}

const TimerFlags = flags({ TFD_NONBLOCK: O_NONBLOCK, TFD_CLOEXEC: O_CLOEXEC });

export const eventCalls: readonly SyscallRow[] = [
  sys(283, 'timerfd_create', [oneOf(CLOCKS), TimerFlags], timerfdCreate),
  sys(284, 'eventfd', [UInt], (task, initial) => eventfd2(task, initial, 0)),
  sys(286, 'timerfd_settime', [Fd, flags(TFD), Ptr, Ptr], timerfdSettime, 'TFD_TIMER_CANCEL_ON_SET never fires: nothing sets the clock'),
  sys(287, 'timerfd_gettime', [Fd, Ptr], timerfdGettime),
  sys(290, 'eventfd2', [UInt, flags(EFD)], eventfd2),
];

