// A mapping lives on after close and unlink.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("text");
  char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  unlink("file");
  say("%s\n", p);
}
