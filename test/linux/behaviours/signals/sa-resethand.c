// SA_RESETHAND gives the default back before the handler runs.
#include "behaviour.h"

static void got(int signal) { struct sigaction a; sigaction(signal, 0, &a); say("default %d\n", a.sa_handler == SIG_DFL); }

void behaviour(void) {
  on(SIGUSR1, got, SA_RESETHAND);
  raise(SIGUSR1);
  reap(child(raise(SIGUSR1)));
}
