// An abstract name is no file and goes with its socket.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_un a = { AF_UNIX, "\0behaviour" }, got;
  socklen_t length = 2 + 10, size = sizeof got;
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  show(bind(l, (void *)&a, length));
  show(bind(c, (void *)&a, length));
  listen(l, 1);
  show(connect(c, (void *)&a, length + 1));
  show(connect(c, (void *)&a, length));
  getpeername(c, (void *)&got, &size);
  say("%d %s\n", size, got.sun_path + 1);
  close(l);
  show(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, length));
}
