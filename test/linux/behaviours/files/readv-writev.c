// Vectors read and write in order; too many are EINVAL.
#include "behaviour.h"

void behaviour(void) {
  char a[3] = "", b[4] = "";
  struct iovec v[2] = { { "ab", 2 }, { "cde", 3 } }, w[2] = { { a, 2 }, { b, 3 } };
  int fd = file("");
  show(writev(fd, v, 2));
  show(preadv(fd, w, 2, 0));
  say("%s %s\n", a, b);
  show(writev(fd, v, 1025));
  show(writev(fd, v, -1));
  show(writev(fd, v, 0));
  show(preadv(fd, w, 2, -2));
  v[0].iov_len = -1;
  show(writev(fd, v, 2));
}
