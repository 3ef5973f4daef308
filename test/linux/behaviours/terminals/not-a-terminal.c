// What is no terminal has ENOTTY for its calls, and a locked one EIO.
#include "behaviour.h"

void behaviour(void) {
  struct termios t;
  show(isatty(0));
  show(tcgetattr(0, &t));
  show(ioctl(0, TIOCGWINSZ, &t));
  show(open("/dev/tty", O_RDWR));
  int m = posix_openpt(O_RDWR | O_NOCTTY);
  show(open(ptsname(m), O_RDWR | O_NOCTTY));
  show(isatty(m));
}
