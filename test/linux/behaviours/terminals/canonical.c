// A line is read when it is whole, edited by its keys.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  char text[99] = "";
  grantpt(m); unlockpt(m);
  s = open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
  write(m, "abc", 3);
  show(read(s, text, 98));
  write(m, "d\177e\n", 4);
  show(read(s, text, 98));
  say("[%s]", text);
  memset(text, 0, 99);
  write(m, "wrong\025right word\027\n", 19);
  show(read(s, text, 98));
  say("[%s]", text);
  write(m, "ab\004", 3);
  show(read(s, text, 98));
  write(m, "\004", 1);
  show(read(s, text, 98));
}
