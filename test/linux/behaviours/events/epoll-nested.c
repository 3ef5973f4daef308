// An epoll within an epoll is readable when one of its own is.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), f = epoll_create1(0), fd = eventfd(0, 0);
  uint64_t n = 1;
  struct epoll_event event = { EPOLLIN, { 0 } }, got;
  epoll_ctl(e, EPOLL_CTL_ADD, f, &event);
  epoll_ctl(f, EPOLL_CTL_ADD, fd, &event);
  show(epoll_wait(e, &got, 1, 0));
  write(fd, &n, 8);
  show(epoll_wait(e, &got, 1, 1000));
}
