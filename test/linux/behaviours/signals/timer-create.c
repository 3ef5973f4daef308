// timer_create sends a signal with a value; overruns are counted.
#include "behaviour.h"

static volatile int value, code;
static void got(int signal, siginfo_t *i, void *context) { value = i->si_value.sival_int; code = i->si_code; }

void behaviour(void) {
  timer_t id;
  struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 99 };
  struct itimerspec t = { { 0, 1000000 }, { 0, 1000000 } };
  on_info(SIGUSR1, got, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  show(timer_create(CLOCK_MONOTONIC, &e, &id));
  show(timer_settime(id, 0, &t, 0));
  nap(30);
  sigprocmask(SIG_UNBLOCK, signals(SIGUSR1), 0);
  say("value %d code %d overrun %d\n", value, code, timer_getoverrun(id) > 3);
  show(timer_delete(id));
  show(syscall(SYS_timer_delete, 12345));
}
