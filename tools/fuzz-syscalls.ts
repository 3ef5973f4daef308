// Makes random system calls with hostile arguments in machines of several tasks: npm run fuzz-syscalls -- --calls 1000000 [--seed N] [--round 20000]. A worker makes them; this thread sees to it that each ends.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseArgs } from 'node:util';
import { callNames, describeSteps, FuzzFailure, fuzzRound, roundOf, seedsOf, shrink } from '../test/linux/syscall-fuzzer.ts';

interface Work { readonly calls: number; readonly seed: number; readonly round: number; readonly progress: SharedArrayBuffer }
type Report = { kind: 'line'; text: string } | { kind: 'done'; failed: boolean };

/** The longest that one step may take. */
const HANG_MS = 20_000;
const REPORTED = 40, SAMPLE = 16;

function work({ calls, seed, round, progress }: Work): boolean {
  const at = new Int32Array(progress);
  const say = (text: string): void => { parentPort!.postMessage({ kind: 'line', text } satisfies Report); };
  const made = new Set<string>();
  let total = 0, rounds = 0, tasks = 0;
  const started = Date.now();
  for (let number = seed; total < calls; number++, rounds++) {
    at[0] = number;
    try {
      const done = fuzzRound(roundOf(number), seedsOf(number, round), (step, text) => {
        at[1] = step;
        if (step % SAMPLE === 0) made.add(text().replace(/^\[\d+\] |\(.*/g, ''));
      });
      total += done.calls;
      tasks += done.tasks;
    } catch (error) {
      if (!(error instanceof FuzzFailure)) throw error;
      report(number, error, say, () => { at[1]!++; });
      return true;
    }
    if (rounds % 20 === 19) say(`${total} calls in ${rounds + 1} rounds, ${tasks} tasks, ${((Date.now() - started) / 1000).toFixed(0)} s, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
  }
  say(`${total} calls in ${rounds} rounds (seeds ${seed} to ${seed + rounds - 1}) by ${tasks} tasks: nothing was thrown, nothing hung; ${callNames.filter((name) => made.has(name)).length} of ${callNames.length} calls seen in a sample of one step in ${SAMPLE}; ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return false;
}

function report(number: number, failure: FuzzFailure, say: (text: string) => void, alive: () => void): void {
  say(`seed ${number}, step ${failure.steps.length}: ${failure.message}\nmaking it shorter…`);
  const steps = shrink(failure, alive);
  say(`${steps.length} steps are enough:\n${describeSteps(failure.round, steps).slice(-REPORTED).join('\n')}`);
}

function watch(): void {
  const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' }, round: { type: 'string', default: '20000' } } });
  const progress = new SharedArrayBuffer(8);
  const at = new Int32Array(progress);
  const data: Work = { calls: Number(values.calls), seed: Number(values.seed), round: Number(values.round), progress };
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  let last = '', since = Date.now();
  const timer = setInterval(() => {
    const now = at.join();
    if (now !== last) { last = now; since = Date.now(); }
    else if (Date.now() - since > HANG_MS) {
      console.error(`seed ${at[0]}: step ${at[1]} does not end; its last steps:`);
      for (const line of describeSteps(roundOf(at[0]!), [...seedsOf(at[0]!, at[1]! - 1)]).slice(-REPORTED)) console.error(line);
      process.exit(1);
    }
  }, 500);
  worker.on('message', (message: Report) => {
    if (message.kind === 'line') console.log(message.text);
    else { clearInterval(timer); process.exitCode = message.failed ? 1 : 0; }
  });
  worker.on('error', (error) => { clearInterval(timer); console.error(error); process.exitCode = 1; });
}

if (isMainThread) watch();
else parentPort!.postMessage({ kind: 'done', failed: work(workerData as Work) } satisfies Report);
