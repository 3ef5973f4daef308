// getrusage counts the time of oneself and of children waited for.
#include "behaviour.h"

void behaviour(void) {
  struct rusage u;
  reap(child(for (long end = now_ms() + 40; now_ms() < end;)));
  show(getrusage(RUSAGE_CHILDREN, &u));
  say("children ran %d\n", u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec > 5000);
  show(getrusage(RUSAGE_SELF, &u));
  show(getrusage(RUSAGE_THREAD, &u));
  show(getrusage(9, &u));
}
