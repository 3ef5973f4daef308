// vfork suspends the parent until the child exits, and they share memory.
#include "behaviour.h"

static volatile int value = 1;

void behaviour(void) {
  pid_t pid = syscall(SYS_vfork);
  if (pid == 0) { value = 2; _exit(3); }
  say("value %d\n", value);
  reap(pid);
}
