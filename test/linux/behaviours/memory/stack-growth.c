// The stack grows by itself up to its limit.
#include "behaviour.h"

static int deeper(int levels) { volatile char room[4096]; room[0] = levels; return levels ? deeper(levels - 1) + room[0] * 0 + 1 : 0; }

void behaviour(void) {
  struct rlimit l = { 1 << 20, 1 << 20 };
  reap(child(setrlimit(RLIMIT_STACK, &l); deeper(1500)));
  show(deeper(1500));
}
