// What the process that runs a container answers to other commands.
import { type ContainerRecord, type ContainerTree, EngineError, type FileOperation, type FileOperationName, fileOperations, type IdentityFiles, nameFilesOf, neighbourPath, networkConfigOf, type SharedIo, type Traffic } from '../engine/index.ts';
import type { Machine } from '../machine/index.ts';
import { type ControlHandler, type ControlRequest, ControlServer, type Peer } from './control.ts';
import { lifeAnswers } from './life-answers.ts';
import { type AttachAsk, type ExecAsk, Execs, joinSession } from './session-answers.ts';
import type { Engine } from './setup.ts';

/** A container that runs in this process. */
export interface Running {
  readonly record: ContainerRecord;
  readonly machine: Machine;
  readonly tree: ContainerTree;
  readonly io: SharedIo;
  readonly identity: IdentityFiles;
  /** What has passed between it and the host's sockets. */
  readonly traffic: Traffic;
  /** Somebody wants another run when this one has ended. Absent: there cannot be one. */
  readonly wantAgain?: () => void;
  /** Comes at its end. */
  readonly exitCode: Promise<number>;
}

/** The record says which networks it is on now. */
function changeNetworks({ containers, host: { net } }: Engine, { record: { Id }, machine, identity }: Running): void {
  const record = containers.find(Id);
  if (net) machine.setNetwork(networkConfigOf(containers.networkOwnerOf(record), Id, containers.endpoints, net));
  identity.update(nameFilesOf(record, record.State.Networks ?? {}, net));
}

type Answer = (request: ControlRequest, peer: Peer) => unknown;

/** What has nothing to do with files, one row each. */
function answersOf(engine: Engine, running: Running): Readonly<Record<string, Answer>> {
  const { record, machine, tree, io, exitCode } = running;
  const { Config } = record;
  const execs = new Execs(machine, record, (action, attributes) => { engine.containers.events.ofContainer(record, action, attributes); });
  return {
    ...lifeAnswers(engine, running),
    wait: () => exitCode,
    networks: () => { changeNetworks(engine, running); },
    /** Output from now on, input; the result is the exit code. */
    attach: (request, peer) => {
      engine.containers.events.ofContainer(record, 'attach');
      joinSession(peer, { shared: io, endsInput: Config.StdinOnce && !Config.Tty, signal: machine.signal });
      const { size } = request as unknown as AttachAsk & ControlRequest;
      if (Config.Tty && size) io.redraw(size);
      return exitCode;
    },
    exec: (request, peer) => execs.run(request as unknown as ExecAsk & ControlRequest, peer),
    execs: () => execs.ids,
  };
}

/** Answers what other commands ask of a container that runs in this process; with `pause` no program runs meanwhile. */
function answerFor(engine: Engine, running: Running): ControlHandler {
  const answers = answersOf(engine, running);
  const { machine, tree } = running;
  return async (request, input, send, peer) => {
    const { operation, pause, ...args } = request;
    if (Object.hasOwn(answers, operation)) return answers[operation]!(request, peer);
    if (!Object.hasOwn(fileOperations, operation)) throw new EngineError('UNKNOWN_OPERATION', `the process that runs the container knows no operation ${JSON.stringify(operation)}: it may be of another version`);
    const act: FileOperation = fileOperations[operation as FileOperationName];
    const resume = pause === true ? machine.pause() : () => {};
    try { return await act(tree, args, { input, send, scratch: () => engine.folder.create() }); } finally { resume(); }
  };
}

/** Opens the control socket of a container that runs in this process, and the one for its neighbours. */
export async function openControl(engine: Engine, running: Running): Promise<ControlServer> {
  const { record: { Id }, machine } = running;
  await machine.openToNeighbours(neighbourPath(Id));
  return ControlServer.open(engine.hostPath(`containers/${Id}`), answerFor(engine, running));
}
