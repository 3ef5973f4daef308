// Linux's signals for x86-64: numbers, names, default actions, and the constants of sigaction, siginfo and sigaltstack. signal(7), asm/signal.h.

/** Names of signals 1 to 31, by number. */
export const signalNames = ['', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT',
  'SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM', 'SIGPROF', 'SIGWINCH', 'SIGIO', 'SIGPWR', 'SIGSYS'] as const;
export const SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15,
  SIGSTKFLT = 16, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGIO = 29,
  SIGPWR = 30, SIGSYS = 31;
/** The first real-time signal and the last signal, as the kernel counts them. */
export const SIGRTMIN = 32, NSIG = 64;

/** A signal's name as strace prints it. */
export const signalName = (signal: number): string => signalNames[signal] || (signal === SIGRTMIN ? 'SIGRTMIN' : signal > SIGRTMIN && signal <= NSIG ? `SIGRT_${signal - SIGRTMIN}` : String(signal));

export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';
const actions = new Map<number, DefaultAction>([
  ...[SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS].map((s) => [s, 'core'] as const),
  ...[SIGCHLD, SIGURG, SIGWINCH].map((s) => [s, 'ignore'] as const),
  ...[SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU].map((s) => [s, 'stop'] as const),
  [SIGCONT, 'continue'],
]);
/** What a signal does to a process that neither handles nor ignores it. */
export const defaultAction = (signal: number): DefaultAction => actions.get(signal) ?? 'terminate';

export const SIG_DFL = 0, SIG_IGN = 1;
export const sigactionFlags = {
  SA_RESTORER: 0x0400_0000, SA_NOCLDSTOP: 1, SA_NOCLDWAIT: 2, SA_SIGINFO: 4, SA_ONSTACK: 0x0800_0000, SA_RESTART: 0x1000_0000, SA_NODEFER: 0x4000_0000, SA_RESETHAND: 0x8000_0000,
} as const;
export const { SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_RESTORER, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND } = sigactionFlags;

/** rt_sigprocmask(2). */
export const sigmaskHow = { SIG_BLOCK: 0, SIG_UNBLOCK: 1, SIG_SETMASK: 2 } as const;
export const { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK } = sigmaskHow;

/** sigaltstack(2). */
export const SS_ONSTACK = 1, SS_DISABLE = 2, SS_AUTODISARM = 0x8000_0000, MINSIGSTKSZ = 2048;

/** si_code values that are the same for every signal. */
export const SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_MESGQ = -3, SI_TKILL = -6;
/** si_code of SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP. */
export const CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3, CLD_TRAPPED = 4, CLD_STOPPED = 5, CLD_CONTINUED = 6, SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2, FPE_INTDIV = 1,
  FPE_FLTDIV = 3, FPE_FLTOVF = 4, FPE_FLTUND = 5, FPE_FLTRES = 6, FPE_FLTINV = 7, ILL_ILLOPN = 2, TRAP_BRKPT = 1, TRAP_TRACE = 2;
