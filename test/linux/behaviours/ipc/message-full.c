// A full queue is EAGAIN, or waits.
#include "behaviour.h"
#include <sys/msg.h>

void behaviour(void) {
  struct { long type; char text[8000]; } m = { 1, "" };
  int id = msgget(IPC_PRIVATE, 0600), n = 0;
  while (msgsnd(id, &m, 8000, IPC_NOWAIT) == 0) n++;
  say("%d %s\n", n, errno_name(errno));
  show(msgsnd(id, &m, 9000, IPC_NOWAIT));
  msgctl(id, IPC_RMID, 0);
}
