// An absolute time in the past expires at once; zero disarms.
#include "behaviour.h"

void behaviour(void) {
  int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  struct itimerspec t = { { 0, 0 }, { 1, 0 } }, old;
  uint64_t n;
  show(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, 0));
  nap(1);
  show(read(fd, &n, 8));
  t.it_value.tv_sec = 100;
  timerfd_settime(fd, 0, &t, 0);
  t.it_value.tv_sec = 0;
  show(timerfd_settime(fd, 0, &t, &old));
  say("rest %d\n", old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100);
}
