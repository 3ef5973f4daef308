// Standard signals are delivered before real-time ones, lowest first.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s;
  sigfillset(&s);
  sigprocmask(SIG_BLOCK, &s, 0);
  raise(SIGRTMIN); raise(SIGUSR2); raise(SIGTERM); raise(SIGHUP); raise(SIGRTMIN);
  for (int n; (n = sigtimedwait(&s, 0, &(struct timespec){ 0, 0 })) > 0;) say("%d\n", n == SIGRTMIN ? 100 : n);
}
