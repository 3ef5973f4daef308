// Messages of POSIX queues come by priority.
#include "behaviour.h"
#include <mqueue.h>

void behaviour(void) {
  struct mq_attr a = { .mq_maxmsg = 3, .mq_msgsize = 16 }, got;
  char name[40], text[17] = "";
  unsigned priority;
  snprintf(name, 40, "/behaviour.%d", getpid());
  mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &a);
  show(mq_send(q, "low", 3, 1));
  show(mq_send(q, "high", 4, 9));
  show(mq_send(q, "low too", 7, 1));
  show(mq_send(q, "full", 4, 1));
  show(mq_send(q, "far too long for it", 19, 1));
  show(mq_receive(q, text, 15, &priority));
  show(mq_receive(q, text, 16, &priority));
  say("%.4s %d\n", text, priority);
  show(mq_receive(q, text, 16, &priority));
  mq_getattr(q, &got);
  say("%ld %ld %ld\n", got.mq_maxmsg, got.mq_msgsize, got.mq_curmsgs);
  show(mq_unlink(name));
  show(mq_unlink(name));
}
