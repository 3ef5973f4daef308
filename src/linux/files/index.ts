// Files without a file system: descriptors, descriptions, pipes, event files, readiness.
export * from './anonymous.ts';
export * from './byte-queue.ts';
export * from './description.ts';
export * from './devices.ts';
export * from './directory-file.ts';
export * from './epoll.ts';
export * from './eventfd.ts';
export * from './fd-table.ts';
export * from './kernel-files.ts';
export * from './locks.ts';
export * from './open-inode.ts';
export * from './pipe.ts';
export * from './poll.ts';
export * from './timerfd.ts';
export * from './signalfd.ts';
export * from './streams.ts';
export * from './unix-socket.ts';
