// Waiting for children: which of them has something to report, and taking the report. wait(2), waitid(2).
import { CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, ECHILD, SIGCHLD, SIGCONT, WCONTINUED, WEXITED, WNOWAIT, WSTOPPED } from '../abi/index.ts';
import { reap } from './exit.ts';
import type { Process } from './task.ts';

/** What wait4 and waitid tell about one child. */
export interface ChildReport {
  child: Process;
  /** As wait4 stores it. */
  status: number;
  /** As waitid tells it. */
  code: number;
  detail: number;
  userNs: bigint;
}

/** Which children are meant: all, one pid, or one process group. */
export type ChildChoice = { all: true } | { pid: number } | { group: number };

const CLONE_KIND = { wclone: 0x8000_0000, wall: 0x4000_0000 } as const;

const chosen = (child: Process, choice: ChildChoice): boolean => ('pid' in choice ? child.pid === choice.pid : 'group' in choice ? child.group.id === choice.group : true);
const kindMatches = (child: Process, options: number): boolean =>
  (options & CLONE_KIND.wall) !== 0 || ((options & CLONE_KIND.wclone) !== 0) === (child.exitSignal !== SIGCHLD);

function report(child: Process, options: number): ChildReport | undefined {
  const userNs = child.userNs + child.childrenUserNs;
  if (child.exitStatus !== undefined) {
    if ((options & WEXITED) === 0) return undefined;
    const signal = child.exitStatus & 0x7f;
    const code = signal === 0 ? CLD_EXITED : child.exitStatus & 0x80 ? CLD_DUMPED : CLD_KILLED;
    return { child, status: child.exitStatus, code, detail: signal || child.exitStatus >> 8, userNs };
  }
  if (child.unreported === 'stopped' && options & WSTOPPED && child.stopSignal !== 0) return { child, status: child.stopSignal << 8 | 0x7f, code: CLD_STOPPED, detail: child.stopSignal, userNs };
  if (child.unreported === 'continued' && options & WCONTINUED) return { child, status: 0xffff, code: CLD_CONTINUED, detail: SIGCONT, userNs };
  return undefined;
}

/** Takes the next report of a chosen child: undefined when none has anything to tell yet. Throws ECHILD when there is no such child. */
export function takeReport(parent: Process, choice: ChildChoice, options: number): ChildReport | undefined {
  const children = [...parent.children].filter((c) => chosen(c, choice) && kindMatches(c, options));
  if (children.length === 0) throw ECHILD;
  for (const child of children) {
    const found = report(child, options);
    if (!found) continue;
    if ((options & WNOWAIT) === 0) consume(child);
    return found;
  }
  return undefined;
}

function consume(child: Process): void {
  if (child.zombie) reap(child);
  else child.unreported = undefined;
}
