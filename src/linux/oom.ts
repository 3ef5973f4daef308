// The memory limit of a container: when more is in use, the process that uses most is killed, as the kernel's OOM killer does in a control group. cgroup-v2, "memory.max".
import { SIGKILL } from '../abi/index.ts';
import { PAGE_SIZE } from '../guest/index.ts';
import type { AddressSpace } from './address-space.ts';
import type { Kernel } from './kernel.ts';
import { isResident, type Region } from './regions.ts';
import { kernelSignal, sendToProcess } from './signals.ts';
import type { Process } from './task.ts';

/** Looks are this far apart, and at least this many times as far as the last one took. */
const INTERVAL_NS = 20_000_000n, RATIO = 4n;
/** Of large regions one page in so many is looked at, and stands for its neighbours. */
const STRIDE = 8, LARGE_PAGES = 256;

const WORDS = PAGE_SIZE / 4;

/** Memory of the program's own: what a file gives is not counted. */
const counts = (region: Region): boolean => isResident(region) && (region.file === undefined || region.object !== undefined);
const mappedBytes = (space: AddressSpace): number => space.regions.filter(counts).reduce((sum, region) => sum + region.end - region.start, 0);

/** Bytes of pages that hold anything but zeros, by samples. */
function touchedBytes(space: AddressSpace): number {
  const { bytes } = space.memory;
  let pages = 0;
  for (const region of space.regions.filter(counts)) {
    const words = new Uint32Array(bytes.buffer, region.start, (Math.min(region.end, bytes.length) - region.start) >> 2);
    const step = words.length > LARGE_PAGES * WORDS ? STRIDE : 1;
    for (let at = 0; at < words.length; at += step * WORDS) if (holdsSomething(words, at)) pages += step;
  }
  return pages * PAGE_SIZE;
}

function holdsSomething(words: Uint32Array, from: number): boolean {
  for (let i = from; i < from + WORDS; i++) if (words[i] !== 0) return true;
  return false;
}

/** oom_score_adj of a process that is never killed for its memory. */
const NEVER = -1000;

/** proc(5), oom_score_adj: what it uses, and a thousandth of what there is for each point. */
const badness = ({ process, bytes }: { process: Process; bytes: number }, limit: number): number => bytes + process.oomScoreAdj * limit / 1000;

export class MemoryGuard {
  readonly #kernel: Kernel;
  #nextNs = 0n;
  /** How many processes were killed for their memory. */
  kills = 0;

  constructor(kernel: Kernel) { this.#kernel = kernel; }

  /** Called now and then while programs run. */
  check(): void {
    const { memoryBytes } = this.#kernel.resources;
    if (memoryBytes === undefined) return;
    const started = this.#kernel.monotonicNs();
    if (started < this.#nextNs) return;
    const spaces = this.#spaces();
    if ([...spaces.keys()].reduce((sum, space) => sum + mappedBytes(space), 0) > memoryBytes) this.#measure(spaces, memoryBytes);
    const ended = this.#kernel.monotonicNs();
    const pause = (ended - started) * RATIO;
    this.#nextNs = ended + (pause > INTERVAL_NS ? pause : INTERVAL_NS);
  }

  #spaces(): Map<AddressSpace, Process> { return new Map([...this.#kernel.tasks.values()].map((task) => [task.space, task.process])); }

  #measure(spaces: ReadonlyMap<AddressSpace, Process>, limit: number): void {
    const usage = Array.from(spaces, ([space, process]) => ({ process, bytes: touchedBytes(space) })).sort((a, b) => badness(b, limit) - badness(a, limit));
    if (usage.reduce((sum, { bytes }) => sum + bytes, 0) <= limit) return;
    const worst = usage.find(({ process }) => process.oomScoreAdj > NEVER);
    if (!worst) return;
    this.kills++;
    sendToProcess(worst.process, kernelSignal(SIGKILL));
  }
}
