// The clock of the process stands still in sleep and runs in work; other processes have one.
#include "behaviour.h"

void behaviour(void) {
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  nap(50);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  say("sleep %d\n", (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec < 40000000);
  for (long end = now_ms() + 50; now_ms() < end;);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  say("work %d\n", (a.tv_sec - b.tv_sec) * 1000000000 + a.tv_nsec - b.tv_nsec > 3000000);
  clockid_t other;
  say("%s\n", errno_name(clock_getcpuclockid(getpid(), &other)));
  show(clock_gettime(other, &b));
  say("%s\n", errno_name(clock_getcpuclockid(4000000, &other)));
}
