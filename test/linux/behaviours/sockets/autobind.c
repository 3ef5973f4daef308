// Binding to no name gives an abstract one of five digits.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_un a = { AF_UNIX, "" };
  socklen_t size = sizeof a;
  int s = socket(AF_UNIX, SOCK_DGRAM, 0);
  getsockname(s, (void *)&a, &size);
  show(size);
  show(bind(s, (void *)&a, 2));
  size = sizeof a;
  getsockname(s, (void *)&a, &size);
  say("%d %d\n", size, a.sun_path[0]);
}
