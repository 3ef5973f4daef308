// A repeated timerfd counts what was not read.
#include "behaviour.h"

void behaviour(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec t = { { 0, 5000000 }, { 0, 5000000 } };
  uint64_t n = 0;
  timerfd_settime(fd, 0, &t, 0);
  nap(50);
  show(read(fd, &n, 8));
  say("%d\n", n >= 5);
  show(read(fd, &n, 8));
  say("%d\n", n >= 1);
}
