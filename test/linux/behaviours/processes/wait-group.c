// waitpid(0) and waitpid(-group) wait for groups of processes.
#include "behaviour.h"

void behaviour(void) {
  pid_t same = child(_exit(1)), own = child(setpgid(0, 0); nap(20); _exit(2));
  setpgid(own, own);
  show(waitpid(0, 0, 0) == same);
  show(waitpid(0, 0, 0));
  show(waitpid(-own, 0, 0) == own);
}
