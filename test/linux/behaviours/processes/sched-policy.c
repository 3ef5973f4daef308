// The scheduling policy is SCHED_OTHER, with its priorities.
#include "behaviour.h"

void behaviour(void) {
  struct sched_param p = { -1 };
  show(syscall(SYS_sched_getscheduler, 0));
  show(syscall(SYS_sched_getparam, 0, &p));
  show(p.sched_priority);
  show(sched_get_priority_max(SCHED_FIFO));
  show(sched_get_priority_min(SCHED_FIFO));
  show(sched_get_priority_max(SCHED_OTHER));
  show(sched_get_priority_max(99));
  p.sched_priority = 1;
  show(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p));
  show(syscall(SYS_sched_setscheduler, 0, 99, &p));
  show(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
  p.sched_priority = 0;
  show(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &p));
  show(syscall(SYS_sched_getscheduler, 0));
  show(syscall(SYS_sched_getscheduler, 4000000));
}
