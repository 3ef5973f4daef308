// A master whose terminal was closed by all reads EIO.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  char text[9];
  unlockpt(m);
  s = open(ptsname(m), O_RDWR | O_NOCTTY);
  write(s, "bye", 3);
  close(s);
  show(read(m, text, 8));
  show(read(m, text, 8));
}
