// truncate cuts and grows; folders and negative sizes are errors.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("abcdef");
  show(ftruncate(fd, 3));
  show(truncate("file", 5));
  show(lseek(fd, 0, SEEK_END));
  show(ftruncate(fd, -1));
  show(truncate(".", 0));
  show(truncate("missing", 0));
  show(ftruncate(open("file", O_RDONLY), 0));
}
