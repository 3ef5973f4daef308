// WNOHANG gives 0 while the child runs.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(pause());
  show(waitpid(pid, 0, WNOHANG));
  kill(pid, SIGKILL);
  reap(pid);
}
