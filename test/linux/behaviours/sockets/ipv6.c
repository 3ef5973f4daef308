// TCP over ::1, and over a socket of both families from 127.0.0.1.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in6 a = { AF_INET6, 0, 0, IN6ADDR_ANY_INIT, 0 }, b;
  socklen_t size = sizeof a;
  char text[60];
  int l = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET6, SOCK_STREAM, 0);
  show(bind(l, (void *)&a, sizeof a));
  listen(l, 2);
  getsockname(l, (void *)&a, &size);
  struct sockaddr_in four = { AF_INET, a.sin6_port, { htonl(INADDR_LOOPBACK) } };
  show(connect(c, (void *)&four, sizeof four));
  accept(l, (void *)&b, &size);
  say("%s\n", inet_ntop(AF_INET6, &b.sin6_addr, text, 60));
  a.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
  show(connect(d, (void *)&a, sizeof a));
  accept(l, (void *)&b, &size);
  say("%s\n", inet_ntop(AF_INET6, &b.sin6_addr, text, 60));
}
