// A fault whose signal is blocked ends the process.
#include "behaviour.h"

void behaviour(void) {
  on(SIGSEGV, nothing, 0);
  sigprocmask(SIG_BLOCK, signals(SIGSEGV), 0);
  reap(child(*(volatile char *)8 = 1));
  on(SIGSEGV, SIG_IGN, 0);
  reap(child(*(volatile char *)8 = 1));
}
