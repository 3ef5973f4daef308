// The affinity has at least one processor, and an empty set is refused.
#include "behaviour.h"

void behaviour(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  show(sched_setaffinity(0, sizeof set, &set));
  show(syscall(SYS_sched_getaffinity, 0, 4, &set));
  show(syscall(SYS_sched_getaffinity, 0, sizeof set, &set) > 0);
  say("some %d\n", CPU_COUNT(&set) >= 1);
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  show(sched_setaffinity(0, sizeof set, &set));
  sched_getaffinity(0, sizeof set, &set);
  show(CPU_COUNT(&set));
  show(sched_getcpu());
}
