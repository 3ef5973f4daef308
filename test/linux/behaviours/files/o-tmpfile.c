// O_TMPFILE makes a file without a name, which linkat can give.
#include "behaviour.h"

void behaviour(void) {
  char path[40];
  struct stat s;
  int fd = open(".", O_TMPFILE | O_RDWR, 0640);
  show(write(fd, "abc", 3));
  fstat(fd, &s);
  say("links %d mode %o\n", (int)s.st_nlink, s.st_mode);
  snprintf(path, 40, "/proc/self/fd/%d", fd);
  show(linkat(AT_FDCWD, path, AT_FDCWD, "name", AT_SYMLINK_FOLLOW));
  cat("name");
  say("\n");
  show(open(".", O_TMPFILE | O_RDONLY, 0600));
  fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
  snprintf(path, 40, "/proc/self/fd/%d", fd);
  show(linkat(AT_FDCWD, path, AT_FDCWD, "other", AT_SYMLINK_FOLLOW));
}
