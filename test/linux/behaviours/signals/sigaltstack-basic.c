// With SA_ONSTACK a handler runs on the other stack.
#include "behaviour.h"

static char stack[16384];
static void got(int signal) { char here; stack_t s; sigaltstack(0, &s); say("on it %d flags %d\n", &here >= stack && &here < stack + sizeof stack, s.ss_flags); }

void behaviour(void) {
  stack_t s = { .ss_sp = stack, .ss_size = sizeof stack }, old;
  show(sigaltstack(&s, &old));
  say("before: %d\n", old.ss_flags);
  on(SIGUSR1, got, SA_ONSTACK);
  raise(SIGUSR1);
  on(SIGUSR1, got, 0);
  raise(SIGUSR1);
}
