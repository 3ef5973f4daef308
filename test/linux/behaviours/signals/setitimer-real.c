// ITIMER_REAL repeats, getitimer tells the rest, and setting gives the old.
#include "behaviour.h"

static volatile int times;
static void got(int signal) { times++; }

void behaviour(void) {
  struct itimerval t = { { 0, 5000 }, { 0, 10000 } }, old;
  on(SIGALRM, got, 0);
  show(setitimer(ITIMER_REAL, &t, 0));
  while (times < 3) pause();
  show(getitimer(ITIMER_REAL, &old));
  say("interval %d, rest %d\n", (int)old.it_interval.tv_usec, old.it_value.tv_usec <= 5000);
  t = (struct itimerval){ { 0, 0 }, { 0, 0 } };
  setitimer(ITIMER_REAL, &t, &old);
  getitimer(ITIMER_REAL, &old);
  say("off %d\n", (int)old.it_value.tv_usec);
  t.it_value.tv_usec = 1000000;
  show(setitimer(ITIMER_REAL, &t, 0));
  show(setitimer(7, &t, 0));
}
