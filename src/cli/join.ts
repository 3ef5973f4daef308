// A container that another process runs, joined by this one until its end, or until the user leaves it: what `attach` and `start -a` do.
import type { ContainerRecord } from '../engine/index.ts';
import { detachKeysFor } from './detach-keys.ts';
import { interact, terminalSize } from './interaction.ts';
import { converse, settled } from './running-container.ts';
import type { Engine } from './setup.ts';
import type { Shown } from './standard-io.ts';
import { exitCodeOf } from './supervisor.ts';
import type { Terminal } from './verb.ts';

export interface JoinOptions {
  readonly input: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: string | undefined;
  /** Absent: all that it writes. */
  readonly shown?: Shown;
  /** The exit code when the user leaves with the detach keys; docker says so unless it is 0. */
  readonly left: 0 | 1;
}

/** Gives the container's exit code when it has ended. */
export async function joinContainer(engine: Engine, record: ContainerRecord, terminal: Terminal, { input, sigProxy, detachKeys, left }: JoinOptions): Promise<number> {
  const { Tty: tty } = record.Config;
  const keys = await detachKeysFor(detachKeys, tty, terminal);
  const conversation = await converse(engine, record, { operation: 'attach', ...(tty ? { size: terminalSize() } : {}) });
  if (!conversation) return exitCodeOf(engine, record);
  try {
    const code = await interact(conversation, { tty, input, detachKeys: keys, sigProxy: sigProxy && !tty });
    if (code !== undefined) {
      await settled(engine, record);
      return code as number;
    }
    if (left === 1) terminal.err('read escape sequence\n');
    return left;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'GONE') throw error;
    return exitCodeOf(engine, record);
  }
}
