// waitid with WNOHANG clears siginfo when nothing has happened.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  memset(&i, 0xff, sizeof i);
  pid_t pid = child(pause());
  show(waitid(P_PID, pid, &i, WEXITED | WNOHANG));
  say("signo %d pid %d\n", i.si_signo, i.si_pid);
  show(waitid(P_PID, pid, &i, WNOHANG));
  show(waitid(9, pid, &i, WEXITED));
  kill(pid, SIGKILL);
}
