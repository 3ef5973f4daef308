// Closing with data unread resets the connection.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a;
  char c;
  int l = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGPIPE, SIG_IGN);
  bind(l, (void *)&a, sizeof a);
  listen(l, 1);
  getsockname(l, (void *)&a, &size);
  connect(s, (void *)&a, sizeof a);
  int t = accept(l, 0, 0);
  write(s, "unread", 6);
  nap(20);
  close(t);
  nap(20);
  show(read(s, &c, 1));
  show(read(s, &c, 1));
  show(write(s, "x", 1));
}
