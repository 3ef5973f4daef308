// A hole reads as zeros.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("a");
  char c = 9;
  struct stat s;
  show(pwrite(fd, "z", 1, 1 << 20));
  show(pread(fd, &c, 1, 5000));
  show(c);
  fstat(fd, &s);
  say("size %d, fewer blocks %d\n", (int)s.st_size, s.st_blocks < 2048);
}
