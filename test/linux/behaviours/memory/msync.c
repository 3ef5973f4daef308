// msync refuses holes, odd addresses and both ways at once.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file("x"), 0);
  show(msync(p, 4096, MS_SYNC));
  show(msync(p, 4096, MS_ASYNC | MS_INVALIDATE));
  show(msync(p + 1, 4096, MS_SYNC));
  show(msync(p, 4096, MS_SYNC | MS_ASYNC));
  show(msync(p, 4096, 8));
  munmap(p + 4096, 4096);
  show(msync(p, 8192, MS_SYNC));
}
