// Messages come by type, in order, and cut only when told.
#include "behaviour.h"
#include <sys/msg.h>

void behaviour(void) {
  struct { long type; char text[20]; } m = { 2, "second" };
  int id = msgget(IPC_PRIVATE, 0600);
  show(msgsnd(id, &m, 7, 0));
  m.type = 1; strcpy(m.text, "first");
  show(msgsnd(id, &m, 6, 0));
  show(msgrcv(id, &m, 20, 1, 0));
  say("%ld %s\n", m.type, m.text);
  show(msgrcv(id, &m, 3, 0, 0));
  show(msgrcv(id, &m, 3, 0, MSG_NOERROR));
  show(msgrcv(id, &m, 20, 0, IPC_NOWAIT));
  m.type = 5; msgsnd(id, &m, 1, 0);
  m.type = 3; msgsnd(id, &m, 1, 0);
  show(msgrcv(id, &m, 20, -4, 0));
  show(m.type);
  m.type = 0;
  show(msgsnd(id, &m, 1, 0));
  show(msgctl(id, IPC_RMID, 0));
  show(msgrcv(id, &m, 20, 0, 0));
}
