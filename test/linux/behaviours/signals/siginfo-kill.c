// The siginfo of kill, tgkill and sigqueue tell the sender and the way.
#include "behaviour.h"

static void got(int signal, siginfo_t *i, void *context) { say("code %d pid %d uid %d\n", i->si_code, i->si_pid == getpid(), i->si_uid); }

void behaviour(void) {
  on_info(SIGUSR1, got, 0);
  kill(getpid(), SIGUSR1);
  syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 1 });
}
