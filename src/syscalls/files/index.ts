// The file families of the system-call table.
import type { SyscallRow } from '../row.ts';
import { aioCalls } from './aio.ts';
import { attributeCalls } from './attributes.ts';
import { descriptorCalls } from './descriptors.ts';
import { eventCalls } from './events.ts';
import { filesystemCalls } from './filesystem.ts';
import { inotifyCalls } from './inotify.ts';
import { ioctlCalls } from './ioctl.ts';
import { mqueueCalls } from './mqueue.ts';
import { openCalls } from './open.ts';
import { pollCalls } from './poll.ts';
import { readWriteCalls } from './read-write.ts';
import { socketCalls } from './sockets.ts';
import { statCalls } from './stat.ts';
import { signalfdCalls } from './signalfd.ts';
import { treeCalls } from './tree.ts';

export const fileFamilies: readonly (readonly SyscallRow[])[] = [
  openCalls, readWriteCalls, statCalls, treeCalls, attributeCalls, descriptorCalls, pollCalls, eventCalls, ioctlCalls, signalfdCalls, mqueueCalls, aioCalls, inotifyCalls, socketCalls, filesystemCalls,
];
