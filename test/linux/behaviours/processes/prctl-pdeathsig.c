// PR_SET_PDEATHSIG checks its signal, and fork clears it.
#include "behaviour.h"

void behaviour(void) {
  int s = -1;
  show(prctl(PR_SET_PDEATHSIG, 99));
  show(prctl(PR_SET_PDEATHSIG, SIGTERM));
  prctl(PR_GET_PDEATHSIG, &s);
  show(s);
  reap(child(prctl(PR_GET_PDEATHSIG, &s); show(s)));
}
