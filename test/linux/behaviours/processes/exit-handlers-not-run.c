// _exit runs no handlers, exit does.
#include "behaviour.h"

static void last(void) { say("handler\n"); }

void behaviour(void) {
  atexit(last);
  reap(child(_exit(1)));
  reap(child(exit(2)));
  _exit(0);
}
