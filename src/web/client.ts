// The page's side of the worker: calls as promises, output and progress as they come.
import type { Answer, Ask, Ended, FromWorker, ToWorker, Verb } from './protocol.ts';

/** An error of the worker; `code` as the store's and the engine's errors have it. */
export class WorkerError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** How far a call is, in bytes; `total` 0: not known. */
export type Progress = (bytes: number, total: number) => void;
export type Output = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;

interface Pending { resolve(answer: never): void; reject(error: Error): void; readonly progress: Progress }

export class Client {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #output: Output = () => {};
  /** Programs run one after the other. */
  #lastRun: Promise<unknown> = Promise.resolve();

  constructor(url: URL) {
    this.#worker = new Worker(url, { type: 'module' });
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#pending.values()) reject(new WorkerError(event.message || 'the worker could not be started'));
      this.#pending.clear();
    };
  }

  #receive(message: FromWorker): void {
    if (message.type === 'output') return this.#output(message.stream, message.bytes);
    const pending = this.#pending.get(message.id);
    if (message.type === 'progress') return pending?.progress(message.bytes, message.total);
    this.#pending.delete(message.id);
    if (message.type === 'answer') pending?.resolve(message.answer as never);
    else pending?.reject(new WorkerError(message.message, message.code));
  }

  /** Ends the worker; what it did not answer fails. */
  end(): void {
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(new WorkerError('the worker was ended'));
    this.#pending.clear();
  }

  send(message: ToWorker): void { this.#worker.postMessage(message); }

  call<V extends Verb>(verb: V, ask: Ask<V>, progress: Progress = () => {}): Promise<Answer<V>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, progress });
      this.send({ type: 'call', id, verb, ask } as ToWorker);
    });
  }

  /** Runs or starts a program when the one before has ended; `begun` is called when it is its turn. */
  run<V extends 'run' | 'start'>(verb: V, ask: Ask<V>, output: Output, begun: () => void = () => {}): Promise<Ended> {
    const next = this.#lastRun.then(() => {
      this.#output = output;
      const answer: Promise<Ended> = this.call(verb, ask);
      begun();
      return answer;
    });
    this.#lastRun = next.catch(() => {});
    return next;
  }
}
