// poll tells hang-ups, errors and bad descriptors without being asked.
#include "behaviour.h"

void behaviour(void) {
  int p[2], q[2];
  pipe(p); pipe(q);
  close(p[1]);
  close(q[0]);
  struct pollfd f[4] = { { p[0], 0, 0 }, { q[1], POLLOUT, 0 }, { 99, POLLIN, 0 }, { -1, POLLIN, 9 } };
  show(poll(f, 4, 0));
  say("%x %x %x %x\n", f[0].revents, f[1].revents, f[2].revents, f[3].revents);
  int fd = file("x");
  struct pollfd g = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
  show(poll(&g, 1, 0));
  show(g.revents);
}
