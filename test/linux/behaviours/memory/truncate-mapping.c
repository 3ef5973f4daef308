// What ftruncate cuts off is gone from a mapping; growing gives zeros.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789");
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ftruncate(fd, 3);
  ftruncate(fd, 8);
  say("%.3s %d %d\n", p, p[3], p[7]);
}
