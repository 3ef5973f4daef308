// mq_notify sends a signal when a message comes to an empty queue.
#include "behaviour.h"
#include <mqueue.h>

static void got(int signal, siginfo_t *i, void *context) { say("%s code %d value %d\n", signal_name(signal), i->si_code, i->si_value.sival_int); }

void behaviour(void) {
  char name[40];
  struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5 };
  snprintf(name, 40, "/behaviour.%d", getpid());
  mqd_t q = mq_open(name, O_CREAT | O_RDWR, 0600, 0);
  on_info(SIGUSR1, got, 0);
  show(mq_notify(q, &e));
  show(mq_notify(q, &e));
  mq_send(q, "x", 1, 0);
  mq_send(q, "y", 1, 0);
  mq_unlink(name);
}
