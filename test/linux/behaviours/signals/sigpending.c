// sigpending tells what is blocked and sent, to the thread and to the process.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s;
  sigprocmask(SIG_BLOCK, signals(SIGUSR1, SIGUSR2), 0);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR2);
  raise(SIGWINCH);
  sigpending(&s);
  say("%d %d %d\n", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2), sigismember(&s, SIGWINCH));
}
