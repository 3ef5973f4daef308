// SA_RESTART goes on with a read of a pipe; without it EINTR.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  char c;
  pipe(p);
  on(SIGUSR1, nothing, 0);
  pid_t me = getpid(), pid = child(until_asleep(me); kill(me, SIGUSR1));
  show(read(p[0], &c, 1));
  reap(pid);
  on(SIGUSR1, nothing, SA_RESTART);
  pid = child(until_asleep(me); kill(me, SIGUSR1); nap(10); write(p[1], "x", 1));
  show(read(p[0], &c, 1));
  reap(pid);
}
