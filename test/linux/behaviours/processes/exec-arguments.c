// execve passes arguments and environment.
#include "behaviour.h"

void behaviour(void) {
  char *argv[] = { "x", "args", "one", "", "three words here", 0 };
  reap(child(execv(PROGRAM, argv)));
  char *argv2[] = { "x", "env", 0 }, *env[] = { "A=1", "B=", "strange", 0 };
  reap(child(execve(PROGRAM, argv2, env)));
}
