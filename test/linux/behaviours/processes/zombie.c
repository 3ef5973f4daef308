// A child that has ended keeps its id until it is waited for.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(_exit(0));
  siginfo_t i;
  waitid(P_PID, pid, &i, WEXITED | WNOWAIT);
  show(kill(pid, 0));
  show(kill(pid, SIGKILL));
  char path[64];
  snprintf(path, 64, "/proc/%d/status", pid);
  say("%s\n", field(path, "State"));
  waitpid(pid, 0, 0);
  show(kill(pid, 0));
}
