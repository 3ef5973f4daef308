// RLIMIT_AS makes mmap fail.
#include "behaviour.h"

void behaviour(void) {
  struct rlimit l = { 64 << 20, 64 << 20 };
  setrlimit(RLIMIT_AS, &l);
  show((long)mmap(0, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ok(mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}
