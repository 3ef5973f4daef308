// A TCP connection over the loopback: names, data, half close and end.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } }, b;
  socklen_t size = sizeof a;
  char text[9] = "";
  int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
  show(bind(l, (void *)&a, sizeof a));
  show(listen(l, 5));
  getsockname(l, (void *)&a, &size);
  show(connect(c, (void *)&a, sizeof a));
  int s = accept4(l, (void *)&b, &size, SOCK_CLOEXEC);
  say("%s %d %d\n", inet_ntoa(b.sin_addr), ntohs(b.sin_port) != 0, fcntl(s, F_GETFD));
  show(write(c, "hello", 5));
  show(shutdown(c, SHUT_WR));
  show(recv(s, text, 8, MSG_WAITALL));
  show(write(s, "bye", 3));
  show(read(c, text, 3));
  close(s);
  show(read(c, text, 3));
}
