// Calls that a signal handler ends with EINTR even under SA_RESTART. signal(7), "Interruption of system calls and library functions by signal handlers".

const names: Readonly<Record<string, number>> = {
  poll: 7, select: 23, pause: 34, nanosleep: 35, msgsnd: 69, msgrcv: 70, semop: 65, rt_sigtimedwait: 128, rt_sigsuspend: 130, io_getevents: 208, semtimedop: 220, clock_nanosleep: 230, epoll_wait: 232,
  pselect6: 270, ppoll: 271, epoll_pwait: 281, epoll_pwait2: 441,
};
export const neverRestarted: ReadonlySet<number> = new Set(Object.values(names));
