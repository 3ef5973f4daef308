// CLONE_CHILD_SETTID, PARENT_SETTID and CHILD_CLEARTID write the id where they say.
#include "behaviour.h"

void behaviour(void) {
  static pid_t parent_tid, child_tid;
  pid_t pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &parent_tid, &child_tid, 0);
  if (pid == 0) _exit(child_tid == getpid() ? 1 : 2);
  reap(pid);
  say("parent %d, child's %d\n", parent_tid == pid, child_tid);
}
