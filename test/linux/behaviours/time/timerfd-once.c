// A timerfd is readable once it has expired, and counts.
#include "behaviour.h"

void behaviour(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec t = { { 0, 0 }, { 0, 10000000 } }, now;
  uint64_t n = 0;
  show(read(fd, &n, 8));
  timerfd_settime(fd, 0, &t, 0);
  struct pollfd p = { fd, POLLIN, 0 };
  show(poll(&p, 1, 5000));
  show(read(fd, &n, 7));
  show(read(fd, &n, 8));
  show(n);
  show(read(fd, &n, 8));
  timerfd_gettime(fd, &now);
  say("%ld %ld\n", (long)now.it_value.tv_sec, (long)now.it_value.tv_nsec);
}
