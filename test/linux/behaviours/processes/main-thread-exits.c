// The process lives on when its first thread ends; its status is that of the last.
#include "behaviour.h"

static void *other(void *argument) { nap(20); say("still here\n"); syscall(SYS_exit, 3); return 0; }

void behaviour(void) {
  reap(child(thread(other, 0); syscall(SYS_exit, 9)));
}
