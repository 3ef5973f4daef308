// The window's size is kept, and its change signals the foreground.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  struct winsize w = { 24, 80, 0, 0 }, got;
  unlockpt(m);
  s = open(ptsname(m), O_RDWR);
  ioctl(s, TIOCSCTTY, 0);
  on(SIGWINCH, announce, 0);
  show(ioctl(m, TIOCSWINSZ, &w));
  show(ioctl(s, TIOCGWINSZ, &got));
  say("%d %d\n", got.ws_row, got.ws_col);
  show(ioctl(m, TIOCSWINSZ, &w));
}
