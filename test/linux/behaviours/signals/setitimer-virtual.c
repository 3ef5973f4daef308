// ITIMER_VIRTUAL and ITIMER_PROF count the time of the processor.
#include "behaviour.h"

static volatile int virtual, profile;
static void got(int signal) { if (signal == SIGPROF) profile++; else virtual++; }

void behaviour(void) {
  struct itimerval t = { { 0, 0 }, { 0, 10000 } };
  on(SIGVTALRM, got, 0);
  on(SIGPROF, got, 0);
  setitimer(ITIMER_VIRTUAL, &t, 0);
  setitimer(ITIMER_PROF, &t, 0);
  nap(50);
  say("asleep: %d\n", virtual);
  while (!virtual || !profile);
  say("%d %d\n", virtual, profile);
}
