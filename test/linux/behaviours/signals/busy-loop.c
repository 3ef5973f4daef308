// A signal reaches a loop that makes no system call.
#include "behaviour.h"

static volatile int done;
static void got(int signal) { done = 1; }

void behaviour(void) {
  on(SIGALRM, got, 0);
  ualarm(20000, 0);
  while (!done);
  say("out of the loop\n");
}
