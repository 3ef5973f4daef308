// Closing the master hangs up: SIGHUP to the session, reads end, and writes are EIO.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  char c;
  unlockpt(m);
  s = open(ptsname(m), O_RDWR);
  ioctl(s, TIOCSCTTY, 0);
  on(SIGHUP, announce, 0);
  on(SIGCONT, announce, 0);
  close(m);
  show(read(s, &c, 1));
  show(write(s, "x", 1));
  struct pollfd p = { s, POLLIN, 0 };
  poll(&p, 1, 0);
  say("%x\n", p.revents);
}
