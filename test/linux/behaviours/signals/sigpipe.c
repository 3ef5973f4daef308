// Writing without a reader sends SIGPIPE and is EPIPE.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  pipe(p);
  close(p[0]);
  reap(child(write(p[1], "x", 1)));
  on(SIGPIPE, announce, 0);
  show(write(p[1], "x", 1));
  show(write(p[1], "", 0));
}
