// madvise refuses odd addresses, unknown advice and holes.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  show(madvise(p + 1, 4096, MADV_DONTNEED));
  show(madvise(p, 4096, 999));
  show(madvise(p, 0, MADV_DONTNEED));
  munmap(p + 4096, 4096);
  show(madvise(p, 12288, MADV_DONTNEED));
  show(madvise(p, 4096, MADV_NORMAL));
  show(madvise(p, 4096, MADV_RANDOM));
  show(madvise(p, 4096, MADV_WILLNEED));
  show(madvise(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file("x"), 0), 4096, MADV_FREE));
}
