// In raw mode bytes come at once, by VMIN and VTIME.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  char text[99] = "";
  struct termios t;
  unlockpt(m);
  s = open(ptsname(m), O_RDWR | O_NOCTTY);
  tcgetattr(s, &t);
  cfmakeraw(&t);
  t.c_cc[VMIN] = 3; t.c_cc[VTIME] = 0;
  show(tcsetattr(s, TCSANOW, &t));
  pid_t pid = child(write(m, "a", 1); nap(20); write(m, "\003\n", 2));
  show(read(s, text, 98));
  reap(pid);
  t.c_cc[VMIN] = 0;
  tcsetattr(s, TCSANOW, &t);
  show(read(s, text, 98));
  t.c_cc[VTIME] = 1;
  tcsetattr(s, TCSANOW, &t);
  long before = now_ms();
  show(read(s, text, 98));
  say("waited %d\n", now_ms() - before >= 90);
}
