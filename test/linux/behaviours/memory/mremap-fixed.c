// MREMAP_FIXED moves to where it says and replaces what was there.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *q = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1; q[0] = 2;
  show(mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
  show(q[0]);
  show((long)mremap(q, 4096, 4096, MREMAP_FIXED, p));
  show((long)mremap(q, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, q));
  show((long)mremap(q + 1, 4096, 4096, 0));
  show((long)mremap(p, 4096, 8192, MREMAP_MAYMOVE));
}
