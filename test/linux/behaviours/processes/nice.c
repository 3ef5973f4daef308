// Niceness goes up freely, is bounded, and is inherited.
#include "behaviour.h"

void behaviour(void) {
  show(getpriority(PRIO_PROCESS, 0));
  show(setpriority(PRIO_PROCESS, 0, 5));
  reap(child(show(getpriority(PRIO_PROCESS, 0))));
  show(setpriority(PRIO_PROCESS, 0, 100));
  show(getpriority(PRIO_PROCESS, 0));
  show(setpriority(PRIO_PROCESS, 0, -1));
  show(getpriority(9, 0));
  show(getpriority(PRIO_PROCESS, 4000000));
}
