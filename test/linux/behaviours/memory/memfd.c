// memfd_create makes a file of memory with a name in /proc.
#include "behaviour.h"

void behaviour(void) {
  char name[99] = "";
  int fd = memfd_create("thing", MFD_CLOEXEC);
  say("%d\n", fcntl(fd, F_GETFD));
  show(write(fd, "abc", 3));
  readlink("/proc/self/fd/3", name, 98);
  say("%s\n", name);
  struct stat s;
  fstat(fd, &s);
  say("size %d links %d mode %o\n", (int)s.st_size, (int)s.st_nlink, s.st_mode);
  show(memfd_create("x", 0x8000));
  show(fcntl(fd, F_GET_SEALS));
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}
