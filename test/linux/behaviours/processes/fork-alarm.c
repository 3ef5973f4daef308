// A child does not inherit alarms and interval timers.
#include "behaviour.h"

void behaviour(void) {
  alarm(100);
  reap(child(show(alarm(0))));
  say("parent has one: %d\n", alarm(0) > 0);
}
