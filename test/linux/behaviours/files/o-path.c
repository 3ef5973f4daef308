// O_PATH descriptors name a file and cannot read.
#include "behaviour.h"

void behaviour(void) {
  int fd = (file("x"), open("file", O_PATH));
  char c;
  struct stat s;
  show(read(fd, &c, 1));
  show(fchmod(fd, 0600));
  show(ioctl(fd, FIONREAD, &c));
  show(fstat(fd, &s));
  show(dup(fd) >= 0);
  show(fcntl(fd, F_GETFL) == O_PATH);
  int link = (symlink("file", "link"), open("link", O_PATH | O_NOFOLLOW));
  fstat(link, &s);
  say("link %d\n", S_ISLNK(s.st_mode));
}
