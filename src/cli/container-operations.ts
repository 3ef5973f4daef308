// Work on the files of a container, running or not: done here, or by the process that runs it, which alone has their newest state.
import { setTimeout as sleep } from 'node:timers/promises';
import { changingOperations, type ContainerRecord, EngineError, type FileOperation, type FileOperationName, fileOperations, hasMounts, hasPrograms, mountedOperations } from '../engine/index.ts';
import { ask, type AskOptions, type ControlRequest } from './control.ts';
import type { Engine } from './setup.ts';

const STEP_MS = 20;
/** How long a container may change hands before that is an error. */
const PATIENCE_MS = 30_000;

const nothing: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true as const, value: undefined }) }) };
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Tries again while another process works on the files. Throws EngineError 'BUSY' in the end, and whatever `act` throws. */
export async function patiently<T>(act: () => T): Promise<T> {
  for (let waited = 0; ; waited += STEP_MS) {
    try { return act(); } catch (error) { if (codeOf(error) !== 'BUSY' || waited >= PATIENCE_MS) throw error; }
    await sleep(STEP_MS);
  }
}

/** Does `operation` for a container, and gives its result. Throws EngineError 'NO_CONTAINER', 'BUSY', and what the operation throws. */
export async function operate(engine: Engine, record: ContainerRecord, operation: FileOperationName, args: Readonly<Record<string, unknown>> = {}, streams: AskOptions = {}): Promise<unknown> {
  for (let waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
    if (hasPrograms(engine.containers.find(record.Id))) {
      const answer = await askUnlessGone(engine, record, { operation, ...args }, streams);
      if (answer) return answer.result;
      await sleep(STEP_MS);
    } else {
      try { return await operateHere(engine, record, operation, args, streams); } catch (error) { if (codeOf(error) !== 'RUNNING') throw error; }
    }
  }
  throw new EngineError('NO_ANSWER', `the process that runs container ${record.Id} does not answer`);
}

/** undefined: nobody answers, and nothing has been sent, so that it may be tried again. */
async function askUnlessGone(engine: Engine, { Id }: ContainerRecord, request: ControlRequest, { input, data }: AskOptions): Promise<{ readonly result: unknown } | undefined> {
  let sent = input !== undefined;
  try {
    return await ask(engine.hostPath(`containers/${Id}`), request, { ...(input ? { input } : {}), data: (bytes) => { sent = true; return data?.(bytes); } });
  } catch (error) {
    if (codeOf(error) !== 'GONE' || sent) throw error;
    return undefined;
  }
}

async function operateHere(engine: Engine, record: ContainerRecord, operation: FileOperationName, args: Readonly<Record<string, unknown>>, streams: AskOptions): Promise<unknown> {
  const { containers, images, host, folder } = engine;
  const held = await patiently(() => containers.hold(record.Id));
  try {
    const mounted = hasMounts(held) && mountedOperations.has(operation);
    const fs = images.openContainerFs(held, { now: () => host.clock.realtimeNs(), readonly: !mounted && !changingOperations.has(operation) });
    let close = (): void => { fs.close(); };
    try {
      const act: FileOperation = fileOperations[operation];
      const opened = mounted ? (await import('./container-mounts.ts')).openContainerMounts(engine, held, fs) : { mounts: [], close: () => {} };
      close = () => { opened.close(); fs.close(); };
      return await act({ fs, mounts: opened.mounts, readonlyRoot: held.HostConfig.ReadonlyRootfs ?? false }, { ...args, reuse: true }, { input: streams.input ?? nothing, send: async (bytes) => { await streams.data?.(bytes); }, scratch: () => folder.create() });
    } finally { close(); }
  } finally { containers.release(record.Id); }
}

/** What a container changed, and that with its image, in bytes. */
export async function sizesOf(engine: Engine, record: ContainerRecord): Promise<{ readonly rw: number; readonly rootFs: number }> {
  const rw = await operate(engine, record, 'size') as number;
  return { rw, rootFs: rw + record.Layers.reduce((sum, layer) => sum + layer.contentSize, 0) };
}
