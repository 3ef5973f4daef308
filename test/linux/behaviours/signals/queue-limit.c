// RLIMIT_SIGPENDING bounds the queue of real-time signals.
#include "behaviour.h"

void behaviour(void) {
  become(12345);
  struct rlimit l = { 3, 3 };
  setrlimit(RLIMIT_SIGPENDING, &l);
  sigprocmask(SIG_BLOCK, signals(SIGRTMIN), 0);
  for (int i = 0; i < 5; i++) show(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }));
}
