// sigaltstack refuses small stacks, other flags and changes while in use.
#include "behaviour.h"

static char stack[16384];
static stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };
static void got(int signal) { show(sigaltstack(&s, 0)); }

void behaviour(void) {
  stack_t small = { .ss_sp = stack, .ss_size = 2047 }, odd = { .ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 8 };
  show(syscall(SYS_sigaltstack, &small, 0));
  show(syscall(SYS_sigaltstack, &odd, 0));
  show(syscall(SYS_sigaltstack, 8, 0));
  sigaltstack(&s, 0);
  on(SIGUSR1, got, SA_ONSTACK);
  raise(SIGUSR1);
  stack_t off = { .ss_flags = SS_DISABLE };
  show(sigaltstack(&off, 0));
}
