// FUTEX_WAIT_BITSET waits until a moment of the monotonic clock, or of the real one.
#include "behaviour.h"
#include <linux/futex.h>

void behaviour(void) {
  int word = 0;
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += 10000000;
  if (t.tv_nsec >= 1000000000) { t.tv_nsec -= 1000000000; t.tv_sec++; }
  show(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &t, 0, -1));
  t.tv_sec = 1;
  show(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, 0, -1));
}
