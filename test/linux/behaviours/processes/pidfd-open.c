// pidfd_open takes processes only, and its descriptor becomes readable at the end.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(nap(30));
  int fd = syscall(SYS_pidfd_open, pid, 0);
  struct pollfd p = { fd, POLLIN, 0 };
  say("close-on-exec %d\n", fcntl(fd, F_GETFD));
  show(poll(&p, 1, 0));
  show(poll(&p, 1, 5000));
  show(p.revents);
  char c;
  show(read(fd, &c, 1));
  show(syscall(SYS_pidfd_open, -1, 0));
  show(syscall(SYS_pidfd_open, 4000000, 0));
  show(syscall(SYS_pidfd_open, pid, 1));
}
