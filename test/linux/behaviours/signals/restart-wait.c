// wait and waitid go on after SA_RESTART.
#include "behaviour.h"

void behaviour(void) {
  on(SIGUSR1, nothing, 0);
  pid_t me = getpid(), pid = child(until_asleep(me); kill(me, SIGUSR1); nap(10));
  show(waitpid(pid, 0, 0));
  show(waitpid(pid, 0, 0) == pid);
  on(SIGUSR1, nothing, SA_RESTART);
  pid = child(until_asleep(me); kill(me, SIGUSR1); nap(10));
  show(waitpid(pid, 0, 0) == pid);
}
