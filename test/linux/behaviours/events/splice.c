// splice, tee and vmsplice move and copy between pipes and files.
#include "behaviour.h"

void behaviour(void) {
  int p[2], q[2], fd = file("0123456789");
  char text[11] = "";
  loff_t at = 3;
  pipe2(p, O_NONBLOCK); pipe2(q, O_NONBLOCK);
  show(splice(fd, &at, p[1], 0, 4, 0));
  show(at);
  show(tee(p[0], q[1], 2, 0));
  show(read(q[0], text, 10));
  say("%s\n", text);
  show(splice(p[0], 0, fd, 0, 10, 0));
  cat("file");
  say("\n");
  show(splice(p[0], 0, q[1], 0, 1, SPLICE_F_NONBLOCK));
  show(splice(fd, 0, fd, 0, 1, 0));
  show(splice(p[0], &at, fd, 0, 1, 0));
  struct iovec v = { "xyz", 3 };
  show(vmsplice(p[1], &v, 1, 0));
}
