// mlock and mlockall succeed within the limit and refuse what is not there.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  show(mlock(p, 4096));
  show(munlock(p, 4096));
  munmap(p, 8192);
  show(mlock(p, 4096));
  show(mlockall(0));
  show(mlockall(64));
  become(1000);
  struct rlimit none = { 0, 0 };
  setrlimit(RLIMIT_MEMLOCK, &none);
  show(mlock(&none, 1));
}
