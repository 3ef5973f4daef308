// A child starts with no pending signals, but with its parent's mask.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s;
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  raise(SIGUSR1);
  reap(child(sigpending(&s); say("child: pending %d", sigismember(&s, SIGUSR1)); sigprocmask(SIG_BLOCK, 0, &s); say(" blocked %d\n", sigismember(&s, SIGUSR1))));
  sigpending(&s);
  say("parent: pending %d\n", sigismember(&s, SIGUSR1));
}
