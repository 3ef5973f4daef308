// semop does all or nothing, waits for zero, and undoes at exit.
#include "behaviour.h"
#include <sys/sem.h>

void behaviour(void) {
  int id = semget(IPC_PRIVATE, 2, 0600);
  struct sembuf up[2] = { { 0, 2, 0 }, { 1, 1, 0 } }, both[2] = { { 0, -1, IPC_NOWAIT }, { 1, -2, IPC_NOWAIT } }, zero = { 0, 0, IPC_NOWAIT }, undo = { 0, -1, SEM_UNDO };
  show(semop(id, up, 2));
  show(semop(id, both, 2));
  show(semctl(id, 0, GETVAL));
  show(semop(id, &zero, 1));
  reap(child(semop(id, &undo, 1); say("in child %d\n", semctl(id, 0, GETVAL))));
  show(semctl(id, 0, GETVAL));
  pid_t pid = child(struct sembuf down = { 0, -3, 0 }; show(semop(id, &down, 1)));
  until_asleep(pid);
  show(semctl(id, 0, GETNCNT));
  up[0].sem_op = 1;
  semop(id, up, 1);
  reap(pid);
  up[0].sem_num = 9;
  show(semop(id, up, 1));
  show(semctl(id, 0, IPC_RMID));
  show(semop(id, &zero, 1));
}
