// mprotect takes and gives rights; a fault in what it took is SIGSEGV.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[4096] = 7;
  show(mprotect(p + 4096, 4096, PROT_READ));
  show(p[4096]);
  reap(child(p[4096] = 1));
  show(mprotect(p + 4096, 4096, PROT_NONE));
  reap(child(volatile char c = p[4096]; (void)c));
  show(mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE));
  show(p[4096]++);
}
