// wait has errors for no children, other people's children and bad options.
#include "behaviour.h"

void behaviour(void) {
  show(waitpid(-1, 0, 0));
  show(waitpid(getppid(), 0, 0));
  show(waitpid(-1, 0, 0x80));
  show(waitpid(INT_MIN, 0, 0));
  pid_t pid = child(_exit(0));
  show(waitpid(-getpid() - 10000, 0, 0));
  until_asleep(pid);
  show(waitpid(pid, (int *)1, 0));
}
