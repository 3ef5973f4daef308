// signalfd is readable when one of its signals is pending; its set can change.
#include "behaviour.h"

void behaviour(void) {
  sigprocmask(SIG_BLOCK, signals(SIGUSR1, SIGUSR2), 0);
  int fd = signalfd(-1, signals(SIGUSR1), 0);
  struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
  raise(SIGUSR2);
  show(poll(&p, 1, 0));
  show(signalfd(fd, signals(SIGUSR2), 0) == fd);
  show(poll(&p, 1, 0));
  show(p.revents);
  show(signalfd(0, signals(SIGUSR2), 0));
  show(signalfd(-1, signals(SIGUSR2), 1));
}
