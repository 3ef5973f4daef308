// execve resets handlers, and keeps ignored signals and the mask.
#include "behaviour.h"

void behaviour(void) {
  on(SIGUSR1, nothing, 0);
  on(SIGUSR2, SIG_IGN, 0);
  sigprocmask(SIG_BLOCK, signals(SIGTERM), 0);
  run("dispositions", 0);
}
