// An eventfd adds, and is read whole or by ones.
#include "behaviour.h"

void behaviour(void) {
  int fd = eventfd(3, EFD_NONBLOCK), one = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  uint64_t n = 4;
  show(write(fd, &n, 8));
  show(read(fd, &n, 8));
  show(n);
  show(read(fd, &n, 8));
  show(read(one, &n, 8)); show(n);
  show(read(one, &n, 8)); show(n);
  show(read(one, &n, 8));
  n = -1;
  show(write(fd, &n, 8));
  n = -2;
  show(write(fd, &n, 8));
  n = 1;
  show(write(fd, &n, 8));
  show(write(fd, &n, 4));
  struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
  poll(&p, 1, 0);
  show(p.revents);
}
