// mincore tells which pages are there, and ENOMEM for holes.
#include "behaviour.h"

void behaviour(void) {
  unsigned char v[4] = { 9, 9, 9, 9 };
  char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[4096] = 1;
  show(mincore(p, 8192, v));
  say("%d %d\n", v[1] & 1, v[2]);
  munmap(p + 8192, 4096);
  show(mincore(p, 12288, v));
  show(mincore(p + 1, 4096, v));
  show(mincore(p, 4096, (void *)8));
}
