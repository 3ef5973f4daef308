// An orphan goes to the nearest ancestor that reaps.
#include "behaviour.h"

void behaviour(void) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t me = getpid();
  reap(child(child(nap(30); _exit(getppid() == me ? 5 : 6))));
  int status;
  waitpid(-1, &status, 0);
  say("the grandchild: %d\n", WEXITSTATUS(status));
}
