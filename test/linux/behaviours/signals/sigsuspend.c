// sigsuspend waits with another mask and puts the old one back after the handler.
#include "behaviour.h"

static void got(int signal) { sigset_t s; sigprocmask(SIG_BLOCK, 0, &s); say("in handler: USR2 %d\n", sigismember(&s, SIGUSR2)); }

void behaviour(void) {
  sigset_t s, other = set_of(SIGUSR2, 0);
  on(SIGUSR1, got, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  raise(SIGUSR1);
  show(sigsuspend(&other));
  sigprocmask(SIG_BLOCK, 0, &s);
  say("after: USR1 %d USR2 %d\n", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2));
}
