// WNOWAIT leaves the child to be waited for again.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  pid_t pid = child(_exit(3));
  show(waitid(P_PID, pid, &i, WEXITED | WNOWAIT));
  show(waitid(P_PID, pid, &i, WEXITED | WNOWAIT));
  reap(pid);
  show(waitid(P_PID, pid, &i, WEXITED));
}
