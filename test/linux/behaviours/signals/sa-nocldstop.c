// SA_NOCLDSTOP sends no SIGCHLD for stops.
#include "behaviour.h"

static volatile int times;
static void got(int signal) { times++; }

void behaviour(void) {
  on(SIGCHLD, got, SA_NOCLDSTOP | SA_RESTART);
  pid_t pid = child(raise(SIGSTOP));
  waitpid(pid, 0, WUNTRACED);
  nap(5);
  show(times);
  kill(pid, SIGCONT);
  waitpid(pid, 0, 0);
  show(times);
}
