// select counts bits, tells the rest of the time and refuses bad descriptors.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  fd_set in, out;
  struct timeval t = { 0, 10000 };
  pipe(p);
  FD_ZERO(&in); FD_ZERO(&out);
  FD_SET(p[0], &in); FD_SET(p[1], &out);
  show(select(p[1] + 1, &in, &out, 0, &t));
  say("%d %d\n", FD_ISSET(p[0], &in) != 0, FD_ISSET(p[1], &out) != 0);
  FD_ZERO(&in); FD_SET(p[0], &in);
  show(select(p[0] + 1, &in, 0, 0, &t));
  say("%ld %ld\n", (long)t.tv_sec, (long)t.tv_usec);
  FD_SET(60, &in);
  show(select(61, &in, 0, 0, &t));
  show(select(-1, 0, 0, 0, &t));
}
