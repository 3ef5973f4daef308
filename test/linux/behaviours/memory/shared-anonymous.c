// Shared memory is the same in parent and child.
#include "behaviour.h"

void behaviour(void) {
  int *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  reap(child(p[0] = 5; p[1] = 6));
  say("%d %d\n", p[0], p[1]);
}
