// alarm gives the rest of the one before, rounded.
#include "behaviour.h"

void behaviour(void) {
  show(alarm(100));
  show(alarm(50));
  show(alarm(0));
  show(alarm(0));
}
