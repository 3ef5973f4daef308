// A task of clone(CLONE_VM) writes to the memory of its maker.
#include "behaviour.h"

static int value;
static char stack[16384] __attribute__((aligned(16)));
static int body(void *argument) { value = *(int *)argument; return 7; }

void behaviour(void) {
  int argument = 5;
  pid_t pid = clone(body, stack + sizeof stack, CLONE_VM | SIGCHLD, &argument);
  reap(pid);
  show(value);
}
