// A port in use is EADDRINUSE, unless both say SO_REUSEPORT.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a;
  int l = socket(AF_INET, SOCK_STREAM, 0), m = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEPORT, &one, 4);
  bind(l, (void *)&a, sizeof a);
  listen(l, 1);
  getsockname(l, (void *)&a, &size);
  show(bind(m, (void *)&a, sizeof a));
  setsockopt(m, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  show(bind(m, (void *)&a, sizeof a));
  setsockopt(m, SOL_SOCKET, SO_REUSEPORT, &one, 4);
  show(bind(m, (void *)&a, sizeof a));
}
