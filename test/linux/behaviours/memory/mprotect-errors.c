// mprotect refuses holes, odd addresses and rights that the file has not.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p + 4096, 4096);
  show(mprotect(p, 12288, PROT_READ));
  show(mprotect(p + 1, 4096, PROT_READ));
  show(mprotect(p, 0, PROT_READ));
  file("x");
  char *q = mmap(0, 4096, PROT_READ, MAP_SHARED, open("file", O_RDONLY), 0);
  show(mprotect(q, 4096, PROT_READ | PROT_WRITE));
  show(mprotect(p, 4096, 0x100));
}
