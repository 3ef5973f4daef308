// EPOLLONESHOT disarms until EPOLL_CTL_MOD.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), fd = eventfd(1, 0);
  struct epoll_event event = { EPOLLIN | EPOLLONESHOT, { 0 } }, got;
  epoll_ctl(e, EPOLL_CTL_ADD, fd, &event);
  show(epoll_wait(e, &got, 1, 0));
  show(epoll_wait(e, &got, 1, 0));
  show(epoll_ctl(e, EPOLL_CTL_MOD, fd, &event));
  show(epoll_wait(e, &got, 1, 0));
}
