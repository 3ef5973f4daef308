// A child has its parent as getppid and the same group and session.
#include "behaviour.h"

void behaviour(void) {
  pid_t me = getpid(), group = getpgrp(), session = getsid(0);
  reap(child(say("%d %d %d\n", getppid() == me, getpgrp() == group, getsid(0) == session)));
}
