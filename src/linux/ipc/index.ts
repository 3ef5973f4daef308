// Interprocess communication by name: System V semaphores, message queues and shared memory, POSIX message queues.
export { demandAccess, demandOwner, type IpcObject, READ as IPC_READ, WRITE as IPC_WRITE } from './ids.ts';
export { Ipc } from './ipc.ts';
export { type MessageQueue, MessageQueues, receive as receiveMessage, send as sendMessage } from './messages.ts';
export { PosixQueue, PosixQueueFile, PosixQueues } from './posix-queues.ts';
export { assign as assignSemaphores, operate as operateSemaphores, type SemaphoreOperation, Semaphores, type SemaphoreSet, type SemaphoreWaiter } from './semaphores.ts';
export { type Segment, Segments } from './segments.ts';
