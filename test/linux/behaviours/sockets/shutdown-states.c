// shutdown works on sockets of AF_UNIX in any state, ends listening and waits for connections, and wakes readers of datagrams.
#include "behaviour.h"

static void *stop(void *fd) {
  nap(30);
  shutdown(*(int *)fd, SHUT_RDWR);
  return 0;
}

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a;
  pthread_t thread;
  char c;
  int u = socket(AF_UNIX, SOCK_STREAM, 0), l = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET, SOCK_DGRAM, 0);
  show(shutdown(u, SHUT_RDWR));
  show(shutdown(l, SHUT_RDWR));
  close(l);
  l = socket(AF_INET, SOCK_STREAM, 0);
  bind(l, (void *)&a, sizeof a);
  getsockname(l, (void *)&a, &size);
  listen(l, 2);
  show(shutdown(l, SHUT_WR));
  pthread_create(&thread, 0, stop, &l);
  show(accept(l, 0, 0));
  pthread_join(thread, 0);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  show(connect(s, (void *)&a, sizeof a));
  show(listen(l, 2));
  show(connect(s, (void *)&a, sizeof a));
  show(shutdown(d, SHUT_RD));
  close(d);
  d = socket(AF_INET, SOCK_DGRAM, 0);
  connect(d, (void *)&a, sizeof a);
  pthread_create(&thread, 0, stop, &d);
  show(recv(d, &c, 1, 0));
  pthread_join(thread, 0);
  signal(SIGPIPE, SIG_IGN);
  show(send(d, "x", 1, 0));
}
