// The options of sockets have their defaults and remember what is set.
#include "behaviour.h"

void behaviour(void) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0), v = -1;
  socklen_t size = 4;
  show(getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &size)); show(v);
  show(getsockopt(s, SOL_SOCKET, SO_DOMAIN, &v, &size)); show(v);
  show(getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &v, &size)); show(v);
  show(getsockopt(s, SOL_SOCKET, SO_ERROR, &v, &size)); show(v);
  v = 10000;
  show(setsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, 4));
  getsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, &size); show(v);
  show(setsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, 2));
  show(setsockopt(s, SOL_SOCKET, 9999, &v, 4));
  show(getsockopt(s, 77, 1, &v, &size));
  show(getsockopt(0, SOL_SOCKET, SO_TYPE, &v, &size));
  show(socket(AF_UNIX, 99, 0));
  show(socket(250, SOCK_STREAM, 0));
  show(socket(AF_INET, SOCK_STREAM, 99));
  show(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0 }));
}
