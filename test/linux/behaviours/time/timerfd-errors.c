// timerfd refuses other clocks, flags, times and descriptors.
#include "behaviour.h"

void behaviour(void) {
  struct itimerspec t = { { 0, 0 }, { 0, 1000000000 } };
  show(timerfd_create(99, 0));
  show(timerfd_create(CLOCK_MONOTONIC, 1));
  show(timerfd_settime(0, 0, &t, 0));
  int fd = timerfd_create(CLOCK_BOOTTIME, 0);
  show(timerfd_settime(fd, 0, &t, 0));
  show(timerfd_settime(fd, 64, &t, 0));
  show(timerfd_settime(99, 0, &t, 0));
  show(write(fd, &t, 8));
  show(lseek(fd, 0, SEEK_SET));
}
