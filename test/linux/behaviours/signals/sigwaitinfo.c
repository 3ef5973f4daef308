// sigwaitinfo takes a pending signal without its handler.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  on(SIGUSR1, announce, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1, SIGUSR2), 0);
  kill(getpid(), SIGUSR1);
  show(sigwaitinfo(signals(SIGUSR1, SIGUSR2), &i));
  say("signo %d code %d pid %d\n", i.si_signo, i.si_code, i.si_pid == getpid());
  sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = 42 });
  show(sigwaitinfo(signals(SIGUSR1, SIGUSR2), &i));
  say("value %d code %d\n", i.si_value.sival_int, i.si_code);
}
