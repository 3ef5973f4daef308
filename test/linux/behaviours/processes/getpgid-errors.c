// getpgid and getsid have ESRCH for nobody.
#include "behaviour.h"

void behaviour(void) {
  show(getpgid(-1));
  show(getsid(4000000));
  show(getsid(0) == getsid(getpid()));
}
