// Undefined instructions are SIGILL, int3 is SIGTRAP.
#include "behaviour.h"
#include <setjmp.h>

static sigjmp_buf back;
static void got(int signal, siginfo_t *i, void *context) { say("%s code %d\n", signal_name(signal), i->si_code); siglongjmp(back, 1); }

void behaviour(void) {
  on_info(SIGILL, got, 0);
  on_info(SIGTRAP, got, 0);
  on_info(SIGSEGV, got, 0);
  if (!sigsetjmp(back, 1)) __asm__ volatile("ud2");
  if (!sigsetjmp(back, 1)) __asm__ volatile("int3");
  if (!sigsetjmp(back, 1)) __asm__ volatile("hlt");
}
