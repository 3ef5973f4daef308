// With SIGCHLD ignored, children vanish and wait returns when the last has gone.
#include "behaviour.h"

void behaviour(void) {
  on(SIGCHLD, SIG_IGN, 0);
  child(nap(10));
  child(nap(30));
  show(waitpid(-1, 0, 0));
}
