// The stop key holds output back, the start key lets it go.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), s;
  char text[9];
  unlockpt(m);
  s = open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
  write(m, "\023", 1);
  nap(5);
  show(write(s, "x", 1));
  write(m, "\021", 1);
  nap(5);
  show(write(s, "x", 1));
  show(read(m, text, 8));
}
