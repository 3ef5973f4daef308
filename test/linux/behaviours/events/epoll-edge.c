// Edge-triggered events come once for each change.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), p[2];
  struct epoll_event event = { EPOLLIN | EPOLLET, { 0 } }, got;
  pipe(p);
  epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event);
  write(p[1], "x", 1);
  show(epoll_wait(e, &got, 1, 0));
  show(epoll_wait(e, &got, 1, 0));
  write(p[1], "y", 1);
  show(epoll_wait(e, &got, 1, 0));
  epoll_ctl(e, EPOLL_CTL_MOD, p[0], &event);
  show(epoll_wait(e, &got, 1, 0));
}
