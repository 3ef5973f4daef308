// Connecting to nobody is ECONNREFUSED, also later when not waiting.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a;
  int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  bind(l, (void *)&a, sizeof a);
  getsockname(l, (void *)&a, &size);
  show(connect(c, (void *)&a, sizeof a));
  if (connect(d, (void *)&a, sizeof a) < 0) say("%d\n", errno == EINPROGRESS || errno == ECONNREFUSED);
}
