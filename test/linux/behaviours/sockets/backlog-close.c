// Connections that nobody accepted end when the listener closes.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_un a = { AF_UNIX, "name" };
  char c;
  int l = socket(AF_UNIX, SOCK_STREAM, 0), s = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(l, (void *)&a, sizeof a);
  listen(l, 5);
  show(connect(s, (void *)&a, sizeof a));
  show(write(s, "x", 1));
  close(l);
  show(read(s, &c, 1));
  struct pollfd p = { s, POLLIN, 0 };
  poll(&p, 1, 0);
  say("%d\n", (p.revents & POLLHUP) != 0);
}
