// A mapping may start within a file, at a page.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("");
  for (int i = 0; i < 3; i++) pwrite(fd, (char[]){ 'a' + i }, 1, i * 4096);
  char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 8192);
  say("%c\n", p[0]);
}
