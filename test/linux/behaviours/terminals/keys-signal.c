// Interrupt, quit and suspend keys signal the foreground group.
#include "behaviour.h"

static volatile int times;
static void got(int signal) { announce(signal); times++; }

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s;
  unlockpt(m);
  s = open(ptsname(m), O_RDWR);
  show(ioctl(s, TIOCSCTTY, 0));
  on(SIGINT, got, 0); on(SIGQUIT, got, 0); on(SIGTSTP, got, 0);
  write(m, "\003", 1);
  while (times < 1) nap(1);
  write(m, "\034", 1);
  while (times < 2) nap(1);
  write(m, "\032", 1);
  while (times < 3) nap(1);
}
