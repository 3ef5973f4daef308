// Real-time signals are queued with their values, lowest number first, in order.
#include "behaviour.h"

static void got(int signal, siginfo_t *i, void *context) { say("%d: %d code %d pid %d\n", signal - SIGRTMIN, i->si_value.sival_int, i->si_code == SI_QUEUE, i->si_pid == getpid()); }

void behaviour(void) {
  sigset_t all;
  sigfillset(&all);
  for (int n = 0; n < 3; n++) { struct sigaction a = { .sa_sigaction = got, .sa_flags = SA_SIGINFO, .sa_mask = all }; sigaction(SIGRTMIN + n, &a, 0); }
  sigprocmask(SIG_BLOCK, &all, 0);
  for (int n = 0; n < 6; n++) sigqueue(getpid(), SIGRTMIN + 2 - n % 3, (union sigval){ .sival_int = n });
  sigprocmask(SIG_UNBLOCK, &all, 0);
}
