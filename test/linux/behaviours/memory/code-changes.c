// Code that was written anew is run anew.
#include "behaviour.h"

void behaviour(void) {
  unsigned char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, "\xb8\x01\0\0\0\xc3", 6);
  for (int i = 1; i < 4; i++) { p[1] = i * 11; show(((int (*)(void))p)()); }
}
