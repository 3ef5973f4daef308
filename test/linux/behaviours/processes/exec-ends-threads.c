// execve from a thread ends all others, and the process keeps its id.
#include "behaviour.h"

static void *other(void *argument) { char *argv[] = { "x", "exit", "3", 0 }; nap(20); execv(PROGRAM, argv); return 0; }

void behaviour(void) {
  pid_t pid = child(thread(other, 0); for (;;) pause());
  reap(pid);
}
