// A signal for the process goes to a thread that does not block it.
#include "behaviour.h"

static void got(int signal) { say("main %d\n", gettid() == getpid()); }
static void *other(void *argument) { sigprocmask(SIG_UNBLOCK, signals(SIGUSR1), 0); struct timespec t = { 0, 50000000 }; return (void *)(long)nanosleep(&t, 0); }

void behaviour(void) {
  on(SIGUSR1, got, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  pthread_t t = thread(other, 0);
  nap(10);
  kill(getpid(), SIGUSR1);
  pthread_join(t, 0);
}
