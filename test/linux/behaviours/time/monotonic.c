// The monotonic clock does not go back, and counts sleep.
#include "behaviour.h"

void behaviour(void) {
  long before = now_ms();
  nap(20);
  say("%d\n", now_ms() - before >= 20);
  struct timespec a, b;
  int back = 0;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < 1000; i++, a = b) { clock_gettime(CLOCK_MONOTONIC, &b); back += b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec); }
  show(back);
}
