// A new terminal has Linux's modes and keys.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY);
  struct termios t;
  unlockpt(m);
  int s = open(ptsname(m), O_RDWR | O_NOCTTY);
  tcgetattr(s, &t);
  say("%o %o %o %o\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
  for (int i = 0; i < 17; i++) say("%d ", t.c_cc[i]);
  say("\n%d\n", cfgetospeed(&t) == B38400);
}
