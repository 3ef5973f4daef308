// sigaction gives back what was set, without SIGKILL in the mask.
#include "behaviour.h"

void behaviour(void) {
  struct sigaction a = { .sa_handler = nothing, .sa_flags = SA_RESTART | SA_NODEFER }, old;
  sigfillset(&a.sa_mask);
  sigaction(SIGUSR1, &a, 0);
  sigaction(SIGUSR1, 0, &old);
  say("handler %d flags %d\n", old.sa_handler == nothing, (old.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO)) == (SA_RESTART | SA_NODEFER));
  say("mask %d %d %d\n", sigismember(&old.sa_mask, SIGTERM), sigismember(&old.sa_mask, SIGKILL), sigismember(&old.sa_mask, SIGSTOP));
}
