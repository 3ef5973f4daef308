// A write of a pipe that was interrupted after some bytes tells how many.
#include "behaviour.h"

static char data[1 << 20];

void behaviour(void) {
  int p[2];
  pipe(p);
  fcntl(p[1], F_SETPIPE_SZ, 65536);
  on(SIGALRM, nothing, SA_RESTART);
  ualarm(30000, 0);
  show(write(p[1], data, sizeof data));
  ualarm(30000, 0);
  on(SIGALRM, nothing, 0);
  show(write(p[1], data, sizeof data));
}
