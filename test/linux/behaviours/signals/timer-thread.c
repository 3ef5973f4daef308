// SIGEV_THREAD_ID sends to one thread.
#include "behaviour.h"

static void got(int signal) { say("main %d\n", gettid() == getpid()); }
static void *other(void *argument) {
  timer_t id;
  struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
  e.sigev_notify_thread_id = gettid();
  struct itimerspec t = { { 0, 0 }, { 0, 1000000 } };
  timer_create(CLOCK_MONOTONIC, &e, &id);
  timer_settime(id, 0, &t, 0);
  struct timespec rest = { 1, 0 };
  show(nanosleep(&rest, 0));
  return 0;
}

void behaviour(void) {
  on(SIGUSR1, got, 0);
  pthread_join(thread(other, 0), 0);
}
