// sendfile copies from a file and moves the offset it is told.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789"), p[2];
  char text[11] = "";
  off_t at = 4;
  pipe(p);
  show(sendfile(p[1], fd, &at, 3));
  show(at);
  show(lseek(fd, 0, SEEK_CUR));
  show(sendfile(p[1], fd, 0, 2));
  show(lseek(fd, 0, SEEK_CUR));
  read(p[0], text, 10);
  say("%s\n", text);
  show(sendfile(p[1], p[0], 0, 2));
  show(sendfile(open("file", O_RDONLY), fd, 0, 2));
}
