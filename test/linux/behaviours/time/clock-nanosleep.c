// clock_nanosleep waits until a moment, and leaves the rest alone then.
#include "behaviour.h"

void behaviour(void) {
  struct timespec t, rest = { 9, 9 };
  long before = now_ms();
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec >= 1000000000) { t.tv_sec++; t.tv_nsec -= 1000000000; }
  say("%s\n", errno_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, &rest)));
  say("%d %d\n", now_ms() - before >= 19, (int)rest.tv_sec);
  t.tv_sec -= 100;
  say("%s\n", errno_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0)));
  say("%s\n", errno_name(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, 0)));
  say("%s\n", errno_name(clock_nanosleep(99, 0, &t, 0)));
}
