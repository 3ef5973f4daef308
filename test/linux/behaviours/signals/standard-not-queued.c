// A standard signal is pending once, however often it was sent.
#include "behaviour.h"

void behaviour(void) {
  on(SIGUSR1, announce, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  for (int i = 0; i < 5; i++) kill(getpid(), SIGUSR1);
  sigprocmask(SIG_UNBLOCK, signals(SIGUSR1), 0);
}
