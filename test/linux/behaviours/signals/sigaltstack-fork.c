// fork keeps the other stack, execve drops it.
#include "behaviour.h"

static char stack[16384];

void behaviour(void) {
  stack_t s = { .ss_sp = stack, .ss_size = sizeof stack }, now;
  sigaltstack(&s, 0);
  reap(child(sigaltstack(0, &now); say("kept %d\n", now.ss_sp == stack)));
}
