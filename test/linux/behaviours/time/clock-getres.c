// The clocks have a resolution; others are EINVAL.
#include "behaviour.h"

void behaviour(void) {
  struct timespec t;
  show(clock_getres(CLOCK_REALTIME, &t));
  show(clock_getres(CLOCK_MONOTONIC_RAW, &t));
  show(clock_getres(CLOCK_BOOTTIME, &t));
  show(clock_getres(CLOCK_PROCESS_CPUTIME_ID, &t));
  show(clock_getres(CLOCK_TAI, &t));
  show(clock_getres(50, &t));
  show(clock_gettime(50, &t));
  show(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
}
