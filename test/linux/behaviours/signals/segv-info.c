// SIGSEGV tells the address and whether it was mapped.
#include "behaviour.h"
#include <setjmp.h>

static sigjmp_buf back;
static void got(int signal, siginfo_t *i, void *context) { say("%s code %d address %lx\n", signal_name(signal), i->si_code, (long)i->si_addr & 0xfff); siglongjmp(back, 1); }

void behaviour(void) {
  on_info(SIGSEGV, got, 0);
  char *p = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile char *)0x123 = 1;
  if (!sigsetjmp(back, 1)) *(volatile char *)(p + 0x45) = 1;
  if (!sigsetjmp(back, 1)) { munmap(p, 4096); say("%d", *(volatile char *)(p + 0x67)); }
}
