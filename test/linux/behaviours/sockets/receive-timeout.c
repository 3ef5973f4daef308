// SO_RCVTIMEO ends a wait with EAGAIN.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char c;
  struct timeval t = { 0, 20000 };
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  show(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
  show(recv(s[0], &c, 1, 0));
  t.tv_usec = 1000000;
  show(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
}
