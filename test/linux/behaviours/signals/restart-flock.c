// flock and fcntl(F_SETLKW) obey SA_RESTART.
#include "behaviour.h"

void behaviour(void) {
  int a = file("x"), b = open("file", O_RDWR);
  flock(a, LOCK_EX);
  on(SIGALRM, nothing, 0);
  ualarm(20000, 0);
  show(flock(b, LOCK_EX));
  on(SIGALRM, nothing, SA_RESTART);
  pid_t me = getpid(), pid = child(close(b); until_asleep(me); kill(me, SIGALRM); nap(10));
  close(a);
  reap(pid);
  show(flock(b, LOCK_EX));
}
