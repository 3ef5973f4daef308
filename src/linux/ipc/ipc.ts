// All objects of interprocess communication of one container.
import type { Kernel } from '../kernel.ts';
import { MessageQueues } from './messages.ts';
import { PosixQueues } from './posix-queues.ts';
import { Semaphores } from './semaphores.ts';
import { Segments } from './segments.ts';

export class Ipc {
  readonly semaphores = new Semaphores();
  readonly queues = new MessageQueues();
  readonly segments: Segments;
  readonly posixQueues = new PosixQueues();
  constructor(kernel: Kernel) { this.segments = new Segments(kernel); }
}
