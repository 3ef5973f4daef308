// MAP_GROWSDOWN memory can be had and used.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_STACK, -1, 0);
  p[0] = 1;
  show(p[0]);
}
