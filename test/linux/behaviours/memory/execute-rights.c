// Code runs only where PROT_EXEC is.
#include "behaviour.h"

void behaviour(void) {
  unsigned char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, "\xb8\x2a\0\0\0\xc3", 6);
  reap(child(((int (*)(void))p)()));
  mprotect(p, 4096, PROT_READ | PROT_EXEC);
  show(((int (*)(void))p)());
}
