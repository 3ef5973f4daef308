// sigtimedwait gives up with EAGAIN, and is interrupted by other signals.
#include "behaviour.h"

void behaviour(void) {
  struct timespec t = { 0, 1000000 }, wrong = { 0, 1000000000 }, longer = { 5, 0 };
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  show(sigtimedwait(signals(SIGUSR1), 0, &t));
  show(sigtimedwait(signals(SIGUSR1), 0, &wrong));
  on(SIGALRM, nothing, SA_RESTART);
  ualarm(10000, 0);
  show(syscall(SYS_rt_sigtimedwait, signals(SIGUSR1), 0, &longer, 8));
}
