// What the process that runs a container answers to other commands.
import { type ContainerRecord, type ContainerTree, EngineError, type FileOperation, type FileOperationName, fileOperations, neighbourPath } from '../engine/index.ts';
import type { Machine } from '../machine/index.ts';
import { type ControlHandler, ControlServer } from './control.ts';
import { type LifeAnswers, lifeAnswers } from './life-answers.ts';
import type { Engine } from './setup.ts';

/** Answers what other commands ask of a container that runs in this process; with `pause` no program runs meanwhile. */
const answerFor = ({ folder }: Engine, machine: Machine, tree: ContainerTree, exitCode: Promise<number>, life: LifeAnswers): ControlHandler => async ({ operation, pause, ...args }, input, send) => {
  if (operation === 'wait') return exitCode;
  if (Object.hasOwn(life, operation)) return life[operation]!({ operation, ...args });
  if (!Object.hasOwn(fileOperations, operation)) throw new EngineError('UNKNOWN_OPERATION', `the process that runs the container knows no operation ${JSON.stringify(operation)}: it may be of another version`);
  const act: FileOperation = fileOperations[operation as FileOperationName];
  const resume = pause === true ? machine.pause() : () => {};
  try { return await act(tree, args, { input, send, scratch: () => folder.create() }); } finally { resume(); }
};

/** Opens the control socket of a container that runs in this process, and the one for its neighbours; `exitCode` comes at its end. */
export async function openControl(engine: Engine, record: ContainerRecord, machine: Machine, tree: ContainerTree, exitCode: Promise<number>): Promise<ControlServer> {
  await machine.openToNeighbours(neighbourPath(record.Id));
  return ControlServer.open(engine.hostPath(`containers/${record.Id}`), answerFor(engine, machine, tree, exitCode, lifeAnswers(engine, record, machine)));
}
