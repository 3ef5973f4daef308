// tgkill sends to one thread of one process.
#include "behaviour.h"

static void got(int signal) { say("main %d\n", gettid() == getpid()); }
static void *other(void *argument) { syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1); return 0; }

void behaviour(void) {
  on(SIGUSR1, got, 0);
  pthread_join(thread(other, 0), 0);
  syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
  show(syscall(SYS_tgkill, getppid(), getpid(), 0));
  show(syscall(SYS_tgkill, -1, 1, 0));
  show(syscall(SYS_tkill, 4000000, 0));
  show(syscall(SYS_tkill, 0, 0));
}
