// A child's writes are not seen by its parent, and both go on after fork.
#include "behaviour.h"

static int value = 1;

void behaviour(void) {
  int local = 1;
  reap(child(value = 2; local = 2; say("child has %d %d\n", value, local)));
  say("parent has %d %d\n", value, local);
}
