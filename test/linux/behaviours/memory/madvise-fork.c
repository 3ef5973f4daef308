// MADV_WIPEONFORK gives a child zeros, MADV_DONTFORK nothing.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1; p[4096] = 2;
  show(madvise(p, 4096, MADV_WIPEONFORK));
  show(madvise(p + 4096, 4096, MADV_DONTFORK));
  reap(child(show(p[0]); show(p[4096])));
  show(p[0]);
}
