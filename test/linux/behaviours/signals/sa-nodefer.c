// SA_NODEFER lets a handler interrupt itself.
#include "behaviour.h"

static int depth;
static void got(int signal) { int d = ++depth; say("in %d\n", d); if (d < 3) raise(signal); say("out %d\n", d); }

void behaviour(void) {
  on(SIGUSR1, got, SA_NODEFER);
  raise(SIGUSR1);
}
