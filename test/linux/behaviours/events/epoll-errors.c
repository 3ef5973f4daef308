// epoll refuses files, itself, circles, doubles and what is not there.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), f = epoll_create1(0), fd = eventfd(0, 0);
  struct epoll_event event = { EPOLLIN, { 0 } }, got;
  show(epoll_ctl(e, EPOLL_CTL_ADD, file("x"), &event));
  show(epoll_ctl(e, EPOLL_CTL_ADD, e, &event));
  show(epoll_ctl(e, EPOLL_CTL_MOD, fd, &event));
  show(epoll_ctl(e, EPOLL_CTL_ADD, fd, &event));
  show(epoll_ctl(e, EPOLL_CTL_ADD, fd, &event));
  show(epoll_ctl(e, EPOLL_CTL_ADD, 99, &event));
  show(epoll_ctl(e, EPOLL_CTL_ADD, f, &event));
  show(epoll_ctl(f, EPOLL_CTL_ADD, e, &event));
  show(epoll_ctl(e, 9, fd, &event));
  show(epoll_ctl(fd, EPOLL_CTL_ADD, e, &event));
  show(epoll_wait(e, &got, 0, 0));
  show(epoll_wait(fd, &got, 1, 0));
  show(epoll_create1(1));
  show(syscall(SYS_epoll_create, 0));
}
