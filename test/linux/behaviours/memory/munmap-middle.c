// munmap makes a hole, of memory and of nothing.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1; p[8192] = 3;
  show(munmap(p + 4096, 4096));
  show(munmap(p + 4096, 4096));
  show(p[0] + p[8192]);
  show(munmap(p + 1, 4096));
  show(munmap(p, 0));
  reap(child(p[4096] = 1));
}
