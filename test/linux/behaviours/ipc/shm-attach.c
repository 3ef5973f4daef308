// SysV shared memory is the same in all that attach it, and goes with the last.
#include "behaviour.h"
#include <sys/shm.h>

void behaviour(void) {
  int id = shmget(IPC_PRIVATE, 5000, 0600);
  struct shmid_ds d;
  int *p = shmat(id, 0, 0), *q = shmat(id, 0, SHM_RDONLY);
  p[10] = 7;
  show(q[10]);
  reap(child(p[11] = 8));
  show(q[11]);
  show(shmctl(id, IPC_STAT, &d));
  say("size %d attached %d mode %o\n", (int)d.shm_segsz, (int)d.shm_nattch, d.shm_perm.mode & 0777);
  show(shmctl(id, IPC_RMID, 0));
  show(p[10]);
  show(shmdt(p));
  show(shmdt(p));
  shmdt(q);
  show((long)shmat(id, 0, 0));
}
