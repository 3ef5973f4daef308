// prctl keeps dumpable, no-new-privileges, keepcaps and timer slack.
#include "behaviour.h"

void behaviour(void) {
  show(prctl(PR_GET_DUMPABLE));
  show(prctl(PR_SET_DUMPABLE, 0));
  show(prctl(PR_GET_DUMPABLE));
  show(prctl(PR_SET_DUMPABLE, 2));
  show(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  show(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
  show(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  show(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  show(prctl(PR_GET_KEEPCAPS));
  show(prctl(PR_SET_KEEPCAPS, 1));
  show(prctl(PR_GET_KEEPCAPS));
  show(prctl(PR_GET_TIMERSLACK));
  show(prctl(PR_SET_TIMERSLACK, 1234));
  show(prctl(PR_GET_TIMERSLACK));
  show(prctl(9999));
}
