// Offsets beyond 4 GiB work, and beyond the greatest are refused.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("");
  char c = 0;
  show(pwrite(fd, "x", 1, 5ll << 30));
  show(pread(fd, &c, 1, 5ll << 30));
  show(c);
  show(lseek(fd, 0, SEEK_END));
  show(lseek(fd, LONG_MAX, SEEK_CUR));
}
