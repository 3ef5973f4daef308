// Threads share the process id and have ids of their own.
#include "behaviour.h"

static void *other(void *argument) { say("%d %d\n", getpid() == *(pid_t *)argument, gettid() == getpid()); return 0; }

void behaviour(void) {
  pid_t me = getpid();
  say("%d\n", gettid() == me);
  pthread_join(thread(other, &me), 0);
}
