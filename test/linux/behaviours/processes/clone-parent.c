// CLONE_PARENT makes a sibling.
#include "behaviour.h"

void behaviour(void) {
  pid_t parent = getppid();
  pid_t pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) { say("same parent %d\n", getppid() == parent); _exit(0); }
  nap(30);
  show(waitpid(pid, 0, 0));
}
