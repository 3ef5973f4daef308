// What the process that runs a container answers about its life: signals, pauses.
import type { ContainerRecord } from '../engine/index.ts';
import { EngineError, hasPrograms } from '../engine/index.ts';
import type { Machine } from '../machine/index.ts';
import type { ControlRequest } from './control.ts';
import type { Engine } from './setup.ts';

export type LifeAnswers = Readonly<Record<string, (request: ControlRequest) => unknown>>;

/** `pauses`: those of the user, not those of other commands. */
export function lifeAnswers({ containers }: Engine, { Id }: ContainerRecord, machine: Machine): LifeAnswers {
  let resume: (() => void) | undefined;
  const goOn = (): void => {
    resume?.();
    resume = undefined;
    if (hasPrograms(containers.find(Id))) containers.paused(Id, false);
  };
  return {
    /** With `resume` paused programs go on, so that they can end. */
    signal: ({ signal, resume: wakes }) => {
      machine.signal(Number(signal));
      if (wakes === true && resume) goOn();
    },
    pause: () => {
      if (resume) throw new EngineError('PAUSED', `Container ${Id} is already paused`);
      resume = machine.pause();
      containers.paused(Id, true);
    },
    unpause: () => {
      if (!resume) throw new EngineError('NOT_PAUSED', `Container ${Id} is not paused`);
      goOn();
    },
  };
}
