// The status of a child tells exits, signals and cores apart.
#include "behaviour.h"

void behaviour(void) {
  reap(child(_exit(0)));
  reap(child(_exit(256 + 3)));
  reap(child(_exit(-1)));
  reap(child(raise(SIGKILL)));
  reap(child(abort()));
  reap(child(raise(SIGTERM)));
  reap(child(raise(40)));
}
