// A handler on another stack survives the overflow of the first.
#include "behaviour.h"
#include <setjmp.h>

static char stack[16384];
static sigjmp_buf back;
static void got(int signal) { siglongjmp(back, signal); }
static int deeper(volatile char *p) { volatile char room[4096]; room[0] = p ? p[0] : 1; return deeper(room) + room[0]; }

void behaviour(void) {
  struct rlimit l = { 256 << 10, 256 << 10 };
  setrlimit(RLIMIT_STACK, &l);
  stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };
  sigaltstack(&s, 0);
  on(SIGSEGV, got, SA_ONSTACK);
  int signal = sigsetjmp(back, 1);
  if (!signal) deeper(0);
  say("%s\n", signal_name(signal));
}
