// waitid waits for the process of a pidfd.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  pid_t pid = child(_exit(4));
  int fd = syscall(SYS_pidfd_open, pid, 0);
  show(waitid(3, fd, &i, WEXITED));
  say("status %d\n", i.si_status);
  show(waitid(3, fd, &i, WEXITED));
  show(waitid(3, 0, &i, WEXITED));
}
