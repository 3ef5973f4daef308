// Linux x86-64 as data: error numbers, flags, struct layouts.
export * from './errno.ts';
export * from './errno-messages.ts';
export * from './fcntl.ts';
export * from './inotify.ts';
export * from './ipc.ts';
export * from './file.ts';
export * from './file-structs.ts';
export * from './socket.ts';
export * from './struct.ts';
export * from './termios.ts';
export * from './process.ts';
export * from './signal.ts';
export * from './syscall-names.ts';
export * from './uts.ts';
