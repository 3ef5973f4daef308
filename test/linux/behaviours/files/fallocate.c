// fallocate grows, keeps the size, punches holes and refuses odd requests.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789");
  char c = 9;
  show(fallocate(fd, 0, 0, 20));
  show(lseek(fd, 0, SEEK_END));
  show(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100));
  show(lseek(fd, 0, SEEK_END));
  show(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 3));
  pread(fd, &c, 1, 3);
  show(c);
  show(fallocate(fd, 0, 0, 0));
  show(fallocate(fd, 0, -1, 5));
  show(fallocate(open("file", O_RDONLY), 0, 0, 5));
}
