// exit_group ends all threads with one status.
#include "behaviour.h"

static void *other(void *argument) { syscall(SYS_exit_group, 6); return 0; }

void behaviour(void) {
  reap(child(thread(other, 0); for (;;) pause()));
}
