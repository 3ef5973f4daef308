// mremap grows in place or moves, keeping what is there.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p + 4096, 4096);
  p[10] = 42;
  mmap(p + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  show((long)mremap(p, 4096, 8192, 0));
  char *q = mremap(p, 4096, 65536, MREMAP_MAYMOVE);
  say("%d %d %d\n", q != p, q[10], q[65535]);
  show(mremap(q, 65536, 4096, 0) == q);
  reap(child(q[4096] = 1));
}
