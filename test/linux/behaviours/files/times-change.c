// Reading, writing and renaming change the times that they should.
#include "behaviour.h"

void behaviour(void) {
  struct stat a, b;
  int fd = file("x");
  struct timespec t[2] = { { 100, 0 }, { 100, 0 } };
  futimens(fd, t);
  fstat(fd, &a);
  nap(20);
  write(fd, "y", 1);
  fstat(fd, &b);
  say("write: mtime %d ctime %d\n", b.st_mtime != 100, b.st_ctim.tv_nsec != a.st_ctim.tv_nsec);
  futimens(fd, t);
  chmod("file", 0600);
  fstat(fd, &b);
  say("chmod: mtime %d\n", b.st_mtime != 100);
  stat(".", &a);
  nap(20);
  put("new", "");
  stat(".", &b);
  say("create: folder's mtime %d\n", a.st_mtim.tv_nsec != b.st_mtim.tv_nsec || a.st_mtime != b.st_mtime);
}
