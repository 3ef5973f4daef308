// TIMER_ABSTIME in the past fires at once; gettime tells zero when it has.
#include "behaviour.h"

void behaviour(void) {
  timer_t id;
  struct sigevent e = { .sigev_notify = SIGEV_NONE };
  struct itimerspec t = { { 0, 0 }, { 0, 1 } };
  show(timer_create(CLOCK_MONOTONIC, &e, &id));
  show(timer_settime(id, TIMER_ABSTIME, &t, 0));
  show(timer_gettime(id, &t));
  say("%ld %ld\n", (long)t.it_value.tv_sec, (long)t.it_value.tv_nsec);
  t.it_value.tv_nsec = 1000000000;
  show(timer_settime(id, 0, &t, 0));
  show(timer_create(77, &e, &id));
}
