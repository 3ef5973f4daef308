// A closed file leaves its epoll, unless another descriptor has it open.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), a = eventfd(1, 0), b = eventfd(1, 0);
  struct epoll_event event = { EPOLLIN, { 0 } }, got[4];
  epoll_ctl(e, EPOLL_CTL_ADD, a, &event);
  epoll_ctl(e, EPOLL_CTL_ADD, b, &event);
  dup(a);
  close(a);
  close(b);
  show(epoll_wait(e, got, 4, 0));
}
