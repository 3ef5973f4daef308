// siginfo_t as bytes, and as strace prints it. sigaction(2), asm-generic/siginfo.h.
import { SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SI_KERNEL, SI_QUEUE, SI_TIMER, SI_TKILL, SI_USER, signalName } from '../abi/index.ts';
import type { SigInfo } from './pending-signals.ts';

export const SIGINFO_SIZE = 128;
const FAULTS = new Set([SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP]);
const isFault = (info: SigInfo): boolean => FAULTS.has(info.signo) && info.code > 0 && info.code !== SI_KERNEL;

/** The 128 bytes of a siginfo_t: which union member is filled follows from signal and code, as in Linux's siginfo_layout(). */
export function encodeSigInfo(info: SigInfo): Uint8Array {
  const bytes = new Uint8Array(SIGINFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, info.signo, true);
  view.setInt32(8, info.code, true);
  if (isFault(info)) view.setBigUint64(16, BigInt(info.addr ?? 0), true);
  else if (info.code === SI_TIMER) {
    view.setInt32(16, info.timerId ?? 0, true);
    view.setInt32(20, info.overrun ?? 0, true);
    view.setBigUint64(24, BigInt.asUintN(64, info.value ?? 0n), true);
  } else {
    view.setInt32(16, info.pid ?? 0, true);
    view.setUint32(20, info.uid ?? 0, true);
    if (info.status !== undefined && info.code > 0) view.setInt32(24, info.status ?? 0, true);
    else view.setBigUint64(24, BigInt.asUintN(64, info.value ?? 0n), true);
  }
  return bytes;
}

/** What rt_sigqueueinfo(2) was given. */
export function decodeSigInfo(bytes: Uint8Array): SigInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { signo: view.getInt32(0, true), code: view.getInt32(8, true), pid: view.getInt32(16, true), uid: view.getUint32(20, true), value: view.getBigUint64(24, true) };
}

const codeNames = new Map([[SI_USER, 'SI_USER'], [SI_KERNEL, 'SI_KERNEL'], [SI_QUEUE, 'SI_QUEUE'], [SI_TIMER, 'SI_TIMER'], [SI_TKILL, 'SI_TKILL']]);
const bySignal: Record<number, readonly string[]> = {
  [SIGCHLD]: ['', 'CLD_EXITED', 'CLD_KILLED', 'CLD_DUMPED', 'CLD_TRAPPED', 'CLD_STOPPED', 'CLD_CONTINUED'],
  [SIGSEGV]: ['', 'SEGV_MAPERR', 'SEGV_ACCERR'], [SIGBUS]: ['', 'BUS_ADRALN', 'BUS_ADRERR'],
  [SIGFPE]: ['', 'FPE_INTDIV', 'FPE_INTOVF', 'FPE_FLTDIV', 'FPE_FLTOVF', 'FPE_FLTUND', 'FPE_FLTRES', 'FPE_FLTINV'],
  [SIGILL]: ['', 'ILL_ILLOPC', 'ILL_ILLOPN'], [SIGTRAP]: ['', 'TRAP_BRKPT', 'TRAP_TRACE'],
};

/** The line strace prints for a delivered signal. */
export function signalLine(info: SigInfo): string {
  const name = signalName(info.signo);
  const fields = [`si_signo=${name}`, `si_code=${codeNames.get(info.code) ?? (bySignal[info.signo]?.[info.code] || String(info.code))}`];
  if (isFault(info)) fields.push(`si_addr=${info.addr ? `0x${info.addr.toString(16)}` : 'NULL'}`);
  else if (info.pid !== undefined) fields.push(`si_pid=${info.pid}`, `si_uid=${info.uid ?? 0}`);
  if (info.signo === SIGCHLD && info.status !== undefined) fields.push(`si_status=${info.code === 1 ? info.status : signalName(info.status)}`, 'si_utime=0', 'si_stime=0');
  return `--- ${name} {${fields.join(', ')}} ---`;
}
