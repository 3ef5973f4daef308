// A handler runs with its own signal and sa_mask blocked.
#include "behaviour.h"

static void got(int signal) {
  sigset_t s;
  sigprocmask(SIG_BLOCK, 0, &s);
  say("%d %d %d\n", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2), sigismember(&s, SIGTERM));
}

void behaviour(void) {
  struct sigaction a = { .sa_handler = got, .sa_mask = set_of(SIGUSR2, 0) };
  sigaction(SIGUSR1, &a, 0);
  raise(SIGUSR1);
  sigset_t s;
  sigprocmask(SIG_BLOCK, 0, &s);
  say("after: %d %d\n", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2));
}
