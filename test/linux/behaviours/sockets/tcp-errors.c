// Sockets that are not connected, bound or listening say so.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(0x01020304) } }, b;
  socklen_t size = sizeof b;
  char c;
  signal(SIGPIPE, SIG_IGN);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  show(recv(s, &c, 1, 0));
  show(send(s, "x", 1, 0));
  show(accept(s, 0, 0));
  show(getpeername(s, (void *)&b, &size));
  show(shutdown(s, SHUT_RD));
  show(bind(s, (void *)&a, sizeof a));
  show(bind(s, (void *)&a, 4));
  a.sin_addr.s_addr = 0;
  show(bind(s, (void *)&a, sizeof a));
  show(bind(s, (void *)&a, sizeof a));
  show(bind(0, (void *)&a, sizeof a));
  show(listen(socket(AF_INET, SOCK_DGRAM, 0), 1));
}
