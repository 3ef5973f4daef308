// A container may not set the clock.
#include "behaviour.h"

void behaviour(void) {
  struct timespec t = { 1, 0 };
  show(clock_settime(CLOCK_REALTIME, &t));
  show(clock_settime(CLOCK_MONOTONIC, &t));
  struct timeval v = { 1, 0 };
  show(settimeofday(&v, 0));
}
