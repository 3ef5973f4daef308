// accept and recv obey SA_RESTART, but not with a time limit on the socket.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char c;
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  on(SIGALRM, nothing, 0);
  ualarm(20000, 0); show(recv(s[0], &c, 1, 0));
  on(SIGALRM, nothing, SA_RESTART);
  struct timeval limit = { 5, 0 };
  setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ualarm(20000, 0); show(recv(s[0], &c, 1, 0));
}
