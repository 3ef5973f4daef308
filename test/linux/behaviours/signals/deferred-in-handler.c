// Without SA_NODEFER a signal raised in its handler waits for the end, once.
#include "behaviour.h"

static int times;
static void got(int signal) { int t = ++times; say("in %d\n", t); if (t == 1) { raise(signal); raise(signal); } say("out %d\n", t); }

void behaviour(void) {
  on(SIGUSR1, got, 0);
  raise(SIGUSR1);
}
