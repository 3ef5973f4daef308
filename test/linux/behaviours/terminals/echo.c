// What is typed is echoed, control keys with a caret, and newlines with a return.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  char text[99] = "";
  unlockpt(m);
  s = open(ptsname(m), O_RDWR | O_NOCTTY);
  write(m, "a\001\n", 3);
  ssize_t n = read(m, text, 98);
  for (int i = 0; i < n; i++) say("%02x ", text[i]);
  say("\n");
  write(s, "x\ny", 3);
  n = read(m, text, 98);
  for (int i = 0; i < n; i++) say("%02x ", text[i]);
  say("\n");
}
