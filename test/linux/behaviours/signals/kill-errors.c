// kill has EINVAL, ESRCH and EPERM; signal 0 only asks.
#include "behaviour.h"

void behaviour(void) {
  show(kill(getpid(), 0));
  show(kill(getpid(), 65));
  show(kill(getpid(), -1));
  show(kill(4000000, 0));
  show(kill(-4000000, SIGTERM));
  pid_t pid = child(pause());
  reap(child(become(1000); show(kill(pid, SIGTERM))));
  kill(pid, SIGKILL);
}
