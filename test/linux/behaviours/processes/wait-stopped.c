// WUNTRACED tells of stops, WCONTINUED of going on, each once.
#include "behaviour.h"

void behaviour(void) {
  int status;
  pid_t pid = child(for (;;) pause());
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  say("stopped %d by %s\n", WIFSTOPPED(status), signal_name(WSTOPSIG(status)));
  show(waitpid(pid, &status, WUNTRACED | WNOHANG));
  kill(pid, SIGCONT);
  waitpid(pid, &status, WCONTINUED);
  say("continued %d\n", WIFCONTINUED(status));
  show(waitpid(pid, &status, WCONTINUED | WNOHANG));
  kill(pid, SIGKILL);
  reap(pid);
}
