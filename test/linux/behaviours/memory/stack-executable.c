// The stack and the heap are not executable.
#include "behaviour.h"

void behaviour(void) {
  unsigned char code[] = { 0xc3 };
  reap(child(((void (*)(void))code)()));
  unsigned char *heap = malloc(9);
  heap[0] = 0xc3;
  reap(child(((void (*)(void))heap)()));
}
