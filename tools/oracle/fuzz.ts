// Compares random programs between the host CPU and ways of executing guest code, and makes a program that differs as short as it gets.
import { ARITHMETIC_FLAGS } from '../../src/guest/index.ts';
import { decode } from '../../src/translate/x86/index.ts';
import { type Mask, differences, seesMxcsr } from './compare.ts';
import { exactAt, GuestRunner, type Way } from './guest.ts';
import { runOnHost } from './host-cpu.ts';
import { CODE, type Outcome } from './image.ts';
import { listing, makeProgram, type Program, undefinedFlagsAt, without } from './sequence.ts';

export interface FuzzOptions { sequences: number; seed: number; ways: readonly Way[]; hub?: Uint8Array; log?: (line: string) => void; stop?: number }
export interface FuzzResult { sequences: number; compared: number; failures: string[] }

const BATCH = 1000;
const SIGALRM = 14, SIGSEGV = 11, PAGE_FAULT = 14;

/** Whether a guest must end the same way: wild addresses above 4 GiB and programs that ran out of time do not count. */
const comparable = (o: Outcome): boolean => o.signal !== SIGALRM && !(o.signal === SIGSEGV && (o.trap !== PAGE_FAULT || o.fault >= 0x1_0000_0000n));

/** A fault of an MMX instruction finds the x87 stack reset on the CPU; that is not worth imitating. */
function faultsInMmx(program: Program, o: Outcome): boolean {
  if (o.trap !== PAGE_FAULT) return false;
  const { code, codeOffset } = program.case;
  const insn = decode(code, o.rip - CODE - codeOffset, code.length, o.rip);
  return insn.row !== undefined && /(^| )[PQN]/.test(insn.row.operands);
}

const reachedEnd = (o: Outcome): boolean => o.signal === 5 && o.trap === 3;

/** Below level all translated code does not keep flags for an instruction that faults when what follows overwrites them before reading them. */
function maskAt(program: Program, o: Outcome, way: Way): Mask {
  const flags = reachedEnd(o) ? undefinedFlagsAt(program, o.rip - 1) : way.mode === 'interpret' || way.level === 'all' ? undefinedFlagsAt(program, o.rip) : ARITHMETIC_FLAGS;
  return { flags, mxcsr: !program.setsMxcsr && seesMxcsr(false, program.case.registers), ulp: false, approximate: false, ignored: [] };
}

/** Runs programs seed, seed + 1, … and reports the first `stop` that differ. */
export function fuzz(options: FuzzOptions): FuzzResult {
  const runners = options.ways.map((way) => new GuestRunner(way, options.hub));
  const result: FuzzResult = { sequences: 0, compared: 0, failures: [] };
  for (let done = 0; done < options.sequences; done += BATCH) {
    const programs = Array.from({ length: Math.min(BATCH, options.sequences - done) }, (_, i) => makeProgram(options.seed + done + i));
    const outcomes = runOnHost(programs.map((p) => p.case));
    for (const [i, program] of programs.entries()) {
      const before = result.failures.length;
      compareOne(program, outcomes[i]!, runners, options.hub, result);
      if (result.failures.length > before) options.log?.(`\n${result.failures.at(-1)}\n`);
      if (result.failures.length >= (options.stop ?? 10)) return result;
    }
    result.sequences += programs.length;
    options.log?.(`${result.sequences} sequences, ${result.compared} comparisons, ${result.failures.length} differences`);
  }
  return result;
}

function compareOne(program: Program, expected: Outcome, runners: readonly GuestRunner[], hub: Uint8Array | undefined, result: FuzzResult): void {
  if (!comparable(expected) || faultsInMmx(program, expected)) return;
  for (const runner of runners) {
    if (!exactAt(runner.way, expected)) continue;
    result.compared++;
    if (differs(program, expected, runner).length === 0) continue;
    const report = reportOf(program, runner.way, hub);
    if (report) { result.failures.push(report); return; }
  }
}

function differs(program: Program, expected: Outcome, runner: GuestRunner): string[] {
  return differences(expected, runner.run(program.case), maskAt(program, expected, runner.way));
}

/** Differences of a program run anew on both sides; undefined when it cannot be compared. */
function again(program: Program, runner: GuestRunner): string[] | undefined {
  const [expected] = runOnHost([program.case]);
  return expected && comparable(expected) && !faultsInMmx(program, expected) && exactAt(runner.way, expected) ? differs(program, expected, runner) : undefined;
}

/**
 * A minimised failure as text, or undefined when it does not happen again in a new processor: then the host was disturbed, or V8's optimising compiler exchanged the operands of a scalar sum of two NaNs,
 * which is accepted (RATIONALE.md).
 */
function reportOf(program: Program, way: Way, hub: Uint8Array | undefined): string | undefined {
  const runner = new GuestRunner(way, hub);
  if ((again(program, runner)?.length ?? 0) === 0) return undefined;
  let shortest = program;
  for (let round = 0; round < 3; round++) {
    const before = shortest;
    for (let n = program.items.length - 2; n >= 0; n--) {
      const shorter = without(shortest, n);
      if ((again(shorter, runner)?.length ?? 0) > 0) shortest = shorter;
    }
    if (shortest === before) break;
  }
  const lines = again(shortest, runner) ?? [];
  return [`sequence ${program.seed} differs in ${runner.way.name}:`, listing(shortest), ...lines.map((line) => `  ${line}`)].join('\n');
}
