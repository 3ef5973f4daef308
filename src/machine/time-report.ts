// What --stats says of time: where it went, and the table of system calls as `strace -c` prints it.
import { syscallName } from '../abi/index.ts';
import type { CallCounts } from '../linux/index.ts';

const seconds = (ns: bigint): string => `${(Number(ns) / 1e9).toFixed(3)} s`;
const BLANKS = 9;
const right = (text: string | number, width: number): string => String(text).padStart(width);

/** `wallNs` from the first program's start to its end, `busyNs` of them not asleep; `translatedMs` of those in the translator. */
export function timeReport(counts: CallCounts, { wallNs, busyNs, translatedMs }: { readonly wallNs: bigint; readonly busyNs: bigint; readonly translatedMs: number }): string[] {
  const translatedNs = BigInt(Math.round(translatedMs * 1e6));
  const programsNs = busyNs - counts.totalNs - translatedNs;
  return [
    `${seconds(wallNs)}: ${seconds(programsNs > 0n ? programsNs : 0n)} in programs, ${seconds(translatedNs)} translating them, ${seconds(counts.totalNs)} in ${counts.calls} system calls, ${seconds(wallNs - busyNs)} asleep`,
    ...table(counts),
  ];
}

function table(counts: CallCounts): string[] {
  const total = Number(counts.totalNs) || 1;
  const lines = counts.entries().filter(([, { calls }]) => calls > 0).map(([number, { calls, errors, ns }]) =>
    `${right((Number(ns) / total * 100).toFixed(2), 6)} ${right((Number(ns) / 1e9).toFixed(6), 11)} ${right(Math.round(Number(ns) / 1e3 / calls), 11)} ${right(calls, BLANKS)} ${right(errors || '', BLANKS)} ${syscallName(number)}`);
  const rule = '------ ----------- ----------- --------- --------- ----------------';
  return lines.length === 0 ? [] : ['% time     seconds  usecs/call     calls    errors syscall', rule, ...lines];
}
