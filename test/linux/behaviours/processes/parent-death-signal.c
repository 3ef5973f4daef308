// PR_SET_PDEATHSIG sends a signal when the parent ends.
#include "behaviour.h"

static void last(int signal) { announce(signal); _exit(0); }

void behaviour(void) {
  int p[2], ready[2];
  pipe(p);
  pipe(ready);
  pid_t pid = child(child(on(SIGUSR1, last, 0); prctl(PR_SET_PDEATHSIG, SIGUSR1); write(ready[1], "x", 1); pause()); char c; read(ready[0], &c, 1));
  char c;
  close(p[1]);
  show(read(p[0], &c, 1));
  reap(pid);
}
