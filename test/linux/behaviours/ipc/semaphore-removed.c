// Removing a set wakes those who wait with EIDRM.
#include "behaviour.h"
#include <sys/sem.h>

void behaviour(void) {
  int id = semget(IPC_PRIVATE, 1, 0600);
  pid_t pid = child(struct sembuf down = { 0, -1, 0 }; show(semop(id, &down, 1)));
  until_asleep(pid);
  semctl(id, 0, IPC_RMID);
  reap(pid);
}
