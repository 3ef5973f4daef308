// Setting a pending signal to be ignored discards it.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s;
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  raise(SIGUSR1);
  on(SIGUSR1, SIG_IGN, 0);
  sigpending(&s);
  say("pending %d\n", sigismember(&s, SIGUSR1));
  on(SIGUSR1, announce, 0);
  sigprocmask(SIG_UNBLOCK, signals(SIGUSR1), 0);
}
