// What is sent to an end that was closed is taken once, answered by a reset, and then EPIPE.
#include "behaviour.h"

static struct sockaddr_in a;
static int l;

static void make(int *s, int *t) {
  *s = socket(AF_INET, SOCK_STREAM, 0);
  connect(*s, (void *)&a, sizeof a);
  *t = accept(l, 0, 0);
}

static int events(int fd) {
  struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };
  poll(&p, 1, 0);
  return p.revents;
}

void behaviour(void) {
  socklen_t size = sizeof a;
  char c[8];
  int s, t, v;
  a = (struct sockaddr_in){ AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  signal(SIGPIPE, SIG_IGN);
  l = socket(AF_INET, SOCK_STREAM, 0);
  bind(l, (void *)&a, sizeof a);
  listen(l, 4);
  getsockname(l, (void *)&a, &size);

  make(&s, &t);
  show(events(s));
  close(t); nap(20);
  show(events(s));
  show(read(s, c, 8));
  show(write(s, "one", 3)); nap(20);
  show(events(s));
  show(read(s, c, 8));
  show(write(s, "two", 3));
  show(write(s, "three", 5));
  show(events(s));
  show(shutdown(s, SHUT_WR));
  close(s);

  make(&s, &t);
  close(t); nap(20);
  show(shutdown(s, SHUT_WR)); nap(20);
  show(events(s));
  show(write(s, "x", 1));
  show(shutdown(s, SHUT_WR));
  show(read(s, c, 8));
  close(s);

  make(&s, &t);
  close(t); nap(20);
  show(write(s, "x", 1)); nap(20);
  size = 4; getsockopt(s, SOL_SOCKET, SO_ERROR, &v, &size); show(v == EPIPE);
  getsockopt(s, SOL_SOCKET, SO_ERROR, &v, &size); show(v);
  show(write(s, "x", 1));
  close(s);

  make(&s, &t);
  write(s, "unread", 6); nap(20);
  close(t); nap(20);
  show(events(s));
  show(write(s, "x", 1));
  show(write(s, "x", 1));
  show(read(s, c, 8));
  close(s);

  make(&s, &t);
  struct linger hard = { 1, 0 };
  write(t, "last", 4);
  show(setsockopt(t, SOL_SOCKET, SO_LINGER, &hard, sizeof hard));
  close(t); nap(20);
  show(read(s, c, 8));
  show(read(s, c, 8));
  close(s);

  make(&s, &t);
  show(shutdown(t, SHUT_RD));
  show(write(s, "kept", 4)); nap(20);
  show(read(t, c, 8));
  show(read(t, c, 8));
  close(s); close(t);

  static char big[64 << 20];
  make(&s, &t);
  close(t); nap(20);
  long count = write(s, big, sizeof big);
  show(count > 0 && count < (long)sizeof big); nap(20);
  show(write(s, big, sizeof big));
  close(s);
}
