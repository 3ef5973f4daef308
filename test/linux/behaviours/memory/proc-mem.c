// /proc/self/mem reads and writes memory, also read-only pages.
#include "behaviour.h"

void behaviour(void) {
  char *p = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int fd = open("/proc/self/mem", O_RDWR);
  show(pwrite(fd, "hello", 6, (long)p));
  say("%s\n", p);
  show(pread(fd, p, 3, 0));
}
