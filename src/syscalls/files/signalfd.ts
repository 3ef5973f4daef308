// signalfd(2): a descriptor that reads as the signals waiting for the reader.
import { EINVAL, O_CLOEXEC, O_NONBLOCK, O_RDWR } from '../../abi/index.ts';
import { Description, SignalFile, UNSTOPPABLE } from '../../linux/index.ts';
import type { SignalSource, Task } from '../../linux/index.ts';
import { Fd, SigSetPtr, Size, flags } from '../codec.ts';
import { sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';

/** The signals a task could take: its own and its process's. */
const signalsOf = (task: Task): SignalSource => ({
  pending: () => task.pending.set | task.process.pending.set,
  take: (wanted) => task.pending.take(wanted) ?? task.process.pending.take(wanted),
  changed: task.process.signalled,
});

function signalfd4(task: Task, fd: number, maskPtr: number, size: number, bits: number): number {
  if (size !== 8 || bits & ~(O_NONBLOCK | O_CLOEXEC)) throw EINVAL;
  const mask = task.memory.readU64(maskPtr) & ~UNSTOPPABLE;
  if (fd === -1) {
    const { kernel } = task;
    const file = new SignalFile(mask, () => signalsOf(kernel.current ?? task));
    return task.files.add(new Description(file, O_RDWR | (bits & O_NONBLOCK)), (bits & O_CLOEXEC) !== 0);
  }
  const { file } = task.files.get(fd);
  if (!(file instanceof SignalFile)) throw EINVAL;
  file.mask = mask;
  return fd;
}

const SignalFlags = flags({ SFD_NONBLOCK: O_NONBLOCK, SFD_CLOEXEC: O_CLOEXEC });

export const signalfdCalls: readonly SyscallRow[] = [
  sys(282, 'signalfd', [Fd, SigSetPtr, Size], (task, fd, mask, size) => signalfd4(task, fd, mask, size, 0)),
  sys(289, 'signalfd4', [Fd, SigSetPtr, Size, SignalFlags], signalfd4),
];
