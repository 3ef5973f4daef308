// A handler may change the mask that is put back.
#include "behaviour.h"
#include <ucontext.h>

static void got(int signal, siginfo_t *i, void *context) { sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2); }

void behaviour(void) {
  sigset_t s;
  on_info(SIGUSR1, got, 0);
  raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, 0, &s);
  show(sigismember(&s, SIGUSR2));
}
