// A connection that is not waited for becomes writable, and SO_ERROR tells.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a, four = 4;
  int l = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1;
  bind(l, (void *)&a, sizeof a);
  listen(l, 1);
  getsockname(l, (void *)&a, &size);
  if (connect(s, (void *)&a, sizeof a) < 0) say("%d\n", errno == EINPROGRESS);
  else say("1\n");
  struct pollfd p = { s, POLLOUT, 0 };
  show(poll(&p, 1, 1000));
  show(getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &four));
  show(error);
  show(accept(l, 0, 0) > 0);
}
