// waitid tells stops and continues with their codes.
#include "behaviour.h"

void behaviour(void) {
  siginfo_t i;
  pid_t pid = child(for (;;) pause());
  kill(pid, SIGSTOP);
  waitid(P_PID, pid, &i, WSTOPPED);
  say("stopped %d by %s\n", i.si_code == CLD_STOPPED, signal_name(i.si_status));
  kill(pid, SIGCONT);
  waitid(P_PID, pid, &i, WCONTINUED);
  say("continued %d by %s\n", i.si_code == CLD_CONTINUED, signal_name(i.si_status));
  kill(pid, SIGKILL);
}
