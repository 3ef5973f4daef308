// Readiness: which poll bits of a file hold now, and what to wait on until that may change. Shared by poll, select and epoll.
import type { WaitQueue } from '../../base/index.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../vfs/index.ts';
import type { Description } from './description.ts';

/** Linux's other names for the same conditions: POLLRDNORM, POLLRDBAND, POLLWRNORM, POLLWRBAND. */
export const POLLRDNORM = 0x40, POLLRDBAND = 0x80, POLLWRNORM = 0x100, POLLWRBAND = 0x200;

/** The bits that hold, with the synonyms filled in. Files that cannot be polled are always readable and writable. */
export function readiness(description: Description): number {
  const bits = description.file.poll ? description.file.poll() : POLLIN | POLLOUT;
  return bits | (bits & POLLIN ? POLLRDNORM : 0) | (bits & POLLOUT ? POLLWRNORM : 0);
}

/** Reported whether asked for or not. */
export const ALWAYS = POLLERR | POLLHUP;

/** Adds what wakes when the readiness may change. */
export function collectQueues(description: Description, into: Set<WaitQueue>): void {
  if (description.file.changed) into.add(description.file.changed);
}

/** select(2): the bits that make a descriptor count as readable, writable, exceptional. */
export const selectBits = {
  read: POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
  write: POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
  except: 2,
} as const;
