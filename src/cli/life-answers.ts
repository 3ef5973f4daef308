// What the process that runs a container answers about its life: signals, pauses, its processes, what it uses, its limits.
import { EngineError, hasPrograms, resourcesOf } from '../engine/index.ts';
import { processTable, usageOf } from '../linux/index.ts';
import type { Running } from './container-answers.ts';
import type { ControlRequest } from './control.ts';
import type { Engine } from './setup.ts';

/** What a container uses: of the host's processors what the process uses that runs it, of memory what its programs have. */
export interface UsageAnswer { readonly memoryBytes: number; readonly limitBytes: number; readonly tasks: number; /** Bytes of the network. */ readonly received: number; readonly sent: number; readonly cpuMs: number; /** A clock of the process that answers. */ readonly atMs: number }

export type LifeAnswers = Readonly<Record<string, (request: ControlRequest) => unknown>>;

/** `pauses`: those of the user, not those of other commands. */
export function lifeAnswers({ containers }: Engine, { record: { Id }, machine, traffic, wantAgain }: Running): LifeAnswers {
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
    /** There is another run when this one has ended. */
    again: () => {
      if (!wantAgain) throw new EngineError('NOT_KEPT', `container ${Id} is removed when it ends (--rm), and runs in the foreground`);
      wantAgain();
    },
    /** Result: ProcessRow[]. */
    processes: () => processTable(machine.kernel),
    /** Result: UsageAnswer. */
    usage: () => {
      const { memoryBytes, limitBytes, tasks } = usageOf(machine.kernel);
      const { user, system } = process.cpuUsage();
      return { memoryBytes, limitBytes, tasks, cpuMs: (user + system) / 1000, atMs: performance.now(), ...traffic } satisfies UsageAnswer;
    },
    /** The limits of its record count from now on. */
    limits: () => { machine.kernel.resources = resourcesOf(containers.find(Id).HostConfig); },
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
