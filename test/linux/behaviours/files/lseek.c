// lseek goes anywhere but before the start, and finds holes.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("abc"), p[2];
  show(lseek(fd, 10, SEEK_END));
  show(lseek(fd, -11, SEEK_SET));
  show(lseek(fd, -3, SEEK_CUR));
  show(lseek(fd, 0, 9));
  show(lseek(fd, 0, SEEK_DATA));
  show(lseek(fd, 0, SEEK_HOLE));
  show(lseek(fd, 3, SEEK_DATA));
  pipe(p);
  show(lseek(p[0], 0, SEEK_CUR));
}
