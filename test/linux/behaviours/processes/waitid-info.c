// waitid fills siginfo with the child, how it ended and its user.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  pid_t pid = child(_exit(300));
  show(waitid(P_PID, pid, &i, WEXITED));
  say("signo %s code %d pid %d uid %d status %d errno %d\n", signal_name(i.si_signo), i.si_code, i.si_pid == pid, i.si_uid, i.si_status, i.si_errno);
  pid = child(raise(SIGTERM));
  waitid(P_ALL, 0, &i, WEXITED);
  say("code %d status %d\n", i.si_code, i.si_status);
}
