// SA_NOCLDWAIT leaves no zombies but delivers SIGCHLD.
#include "behaviour.h"

void behaviour(void) {
  on(SIGCHLD, announce, SA_NOCLDWAIT | SA_RESTART);
  child(_exit(1));
  show(waitpid(-1, 0, 0));
}
