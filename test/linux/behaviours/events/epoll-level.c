// Level-triggered events come again until they are served.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0), p[2];
  char c;
  struct epoll_event event = { EPOLLIN, { .u64 = 0x1122334455667788 } }, got;
  pipe(p);
  show(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event));
  show(epoll_wait(e, &got, 1, 0));
  write(p[1], "x", 1);
  show(epoll_wait(e, &got, 1, 0));
  show(epoll_wait(e, &got, 1, 0));
  say("%x %lx\n", got.events, (long)got.data.u64);
  read(p[0], &c, 1);
  show(epoll_wait(e, &got, 1, 0));
  close(p[1]);
  epoll_wait(e, &got, 1, 0);
  say("%x\n", got.events);
}
