// execve sets the name of the task to the last part of the path.
#include "behaviour.h"

void behaviour(void) {
  char name[17] = "";
  prctl(PR_SET_NAME, "a long name of a task");
  prctl(PR_GET_NAME, name);
  say("[%s]\n", name);
  cat("/proc/self/comm");
}
