// A handler may change registers of what it interrupted.
#include "behaviour.h"
#include <ucontext.h>

static void got(int signal, siginfo_t *i, void *context) {
  ucontext_t *u = context;
  u->uc_mcontext.gregs[REG_RIP] += 2;
  u->uc_mcontext.gregs[REG_RAX] = 77;
}

void behaviour(void) {
  long value;
  on_info(SIGILL, got, 0);
  __asm__ volatile("xor %%eax, %%eax\n ud2" : "=a"(value));
  show(value);
}
