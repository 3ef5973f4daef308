// O_APPEND writes at the end, wherever the offset is.
#include "behaviour.h"

void behaviour(void) {
  file("abc");
  int fd = open("file", O_RDWR | O_APPEND);
  show(lseek(fd, 0, SEEK_SET));
  show(write(fd, "d", 1));
  show(lseek(fd, 0, SEEK_CUR));
  show(pwrite(fd, "e", 1, 0));
  cat("file");
  say("\n");
}
