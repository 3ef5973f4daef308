// SIGCONT discards pending stops, and a stop discards a pending SIGCONT.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s;
  sigprocmask(SIG_BLOCK, signals(SIGTSTP, SIGCONT), 0);
  raise(SIGTSTP);
  raise(SIGCONT);
  sigpending(&s);
  say("%d %d\n", sigismember(&s, SIGTSTP), sigismember(&s, SIGCONT));
  raise(SIGTSTP);
  sigpending(&s);
  say("%d %d\n", sigismember(&s, SIGTSTP), sigismember(&s, SIGCONT));
}
