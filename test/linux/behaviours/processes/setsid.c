// setsid makes a session and a group; a group's leader may not.
#include "behaviour.h"

void behaviour(void) {
  reap(child(show(setsid() == getpid()); show(getsid(0) == getpid()); show(getpgrp() == getpid()); show(setsid())));
}
