// adjtimex only reads, without the right to set.
#include "behaviour.h"
#include <sys/timex.h>

void behaviour(void) {
  struct timex t = { 0 };
  show(adjtimex(&t) >= 0);
  t.modes = ADJ_TICK;
  show(adjtimex(&t));
}
