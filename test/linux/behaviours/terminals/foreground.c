// tcsetpgrp moves the foreground; a read from the background stops with SIGTTIN.
#include "behaviour.h"

void behaviour(void) {
  int m = posix_openpt(O_RDWR | O_NOCTTY), s, status;
  char c;
  unlockpt(m);
  s = open(ptsname(m), O_RDWR);
  ioctl(s, TIOCSCTTY, 0);
  show(tcgetpgrp(s) == getpgrp());
  show(tcgetsid(s) == getpid());
  pid_t pid = child(setpgid(0, 0); read(s, &c, 1));
  waitpid(pid, &status, WUNTRACED);
  say("%s\n", signal_name(WSTOPSIG(status)));
  show(tcsetpgrp(s, pid));
  show(tcgetpgrp(m) == pid);
  kill(pid, SIGCONT);
  write(m, "\n", 1);
  reap(pid);
  show(tcsetpgrp(s, 4000000));
}
