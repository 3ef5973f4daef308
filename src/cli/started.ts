// A container that is run by a process of its own and joined by this one until its end, or until the user leaves it: what `run -it` and `start -ai` do.
import type { ContainerRecord } from '../engine/index.ts';
import { detachKeysFor } from './detach-keys.ts';
import { startAttached } from './detached.ts';
import { interact, terminalSize } from './interaction.ts';
import type { JoinOptions } from './join.ts';
import type { Engine } from './setup.ts';
import { exitCodeOf } from './supervisor.ts';
import type { Terminal } from './verb.ts';

/** The exit code of a container whose process was killed, when it left no record. */
const KILLED = 137;

/** Runs a container and gives its exit code; 0 when the user has left it with the detach keys. Throws what hinders the start. */
export async function runApart(engine: Engine, record: ContainerRecord, terminal: Terminal, { input, sigProxy, shown, detachKeys }: Omit<JoinOptions, 'left'>): Promise<number> {
  const { Tty: tty } = record.Config;
  const keys = await detachKeysFor(detachKeys, tty, terminal);
  const conversation = await startAttached(record, terminal, tty ? terminalSize() : undefined);
  try {
    return await interact(conversation, { tty, input, detachKeys: keys, sigProxy, shown }) as number | undefined ?? 0;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'GONE') throw error;
    return engine.containers.exists(record.Id) ? exitCodeOf(engine, record) : KILLED;
  }
}
