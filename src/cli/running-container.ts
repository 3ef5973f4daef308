// The container that runs and that another process shall be talked with about, and what docker says of one that does not.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRecord, EngineError, hasPrograms } from '../engine/index.ts';
import { PlainError } from './flags.ts';
import { Conversation, type ControlRequest } from './control.ts';
import type { Engine } from './setup.ts';
import type { Terminal } from './verb.ts';

const STEP_MS = 5;
/** How long its process may be busy before that is an error. */
const PATIENCE_MS = 30_000;

const runs = ({ containers }: Engine, id: string): boolean => containers.exists(id) && hasPrograms(containers.find(id));

/** Asks the process that runs a container, as soon as it listens. undefined: the container has ended meanwhile. Throws EngineError 'NO_ANSWER'. */
export async function converse(engine: Engine, { Id }: ContainerRecord, request: ControlRequest): Promise<Conversation | undefined> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(STEP_MS)) {
    const conversation = await Conversation.open(engine.hostPath(`containers/${Id}`), request);
    if (conversation) return conversation;
    if (!runs(engine, Id)) return undefined;
  }
  throw new EngineError('NO_ANSWER', `the process that runs container ${Id} does not answer`);
}

/** Returns when the record tells that the programs have ended that ran when `record` was read; a restart policy may have started others. */
export async function settled({ containers }: Engine, { Id, State: { StartedAt } }: ContainerRecord): Promise<void> {
  for (; containers.exists(Id); await sleep(STEP_MS)) {
    const now = containers.find(Id);
    if (!hasPrograms(now) || now.State.StartedAt !== StartedAt) return;
  }
}

/** A terminal program's input must be a terminal. Throws PlainError in docker's words. */
export function demandTty(input: boolean, tty: boolean, terminal: Terminal): void {
  if (input && tty && !terminal.inIsTty) throw new PlainError('the input device is not a TTY');
}
