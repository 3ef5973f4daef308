// MADV_DONTNEED zeroes private memory and reads files anew.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1; p[4096] = 2;
  show(madvise(p, 4096, MADV_DONTNEED));
  say("%d %d\n", p[0], p[4096]);
  char *q = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file("file"), 0);
  q[0] = 'X';
  madvise(q, 4096, MADV_DONTNEED);
  say("%s\n", q);
}
