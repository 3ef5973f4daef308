// A handler within a handler goes on with the same stack.
#include "behaviour.h"

static char stack[32768];
static char *first;
static void inner(int signal) { char here; say("inner below %d\n", &here < first && &here > stack); }
static void outer(int signal) { char here; first = &here; raise(SIGUSR2); say("outer\n"); }

void behaviour(void) {
  stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };
  sigaltstack(&s, 0);
  on(SIGUSR1, outer, SA_ONSTACK);
  on(SIGUSR2, inner, SA_ONSTACK);
  raise(SIGUSR1);
}
