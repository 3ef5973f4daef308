// SIGFPE of a division tells what it was.
#include "behaviour.h"
#include <setjmp.h>

static sigjmp_buf back;
static void got(int signal, siginfo_t *i, void *context) { say("%s code %d address %d\n", signal_name(signal), i->si_code, i->si_addr != 0); siglongjmp(back, 1); }

static void divide(int a, int b) { __asm__ volatile("cltd\n idivl %1" : "+a"(a) : "r"(b) : "edx"); }

void behaviour(void) {
    on_info(SIGFPE, got, 0);
  if (!sigsetjmp(back, 1)) divide(1, 0);
  if (!sigsetjmp(back, 1)) divide(INT_MIN, -1);
}
