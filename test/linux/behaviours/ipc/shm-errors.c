// shmget and shmat refuse bad sizes, keys and addresses.
#include "behaviour.h"
#include <sys/shm.h>

void behaviour(void) {
  key_t key = 0x42000000 + getpid();
  show(shmget(key, 100, 0600));
  show(shmget(IPC_PRIVATE, 0, 0600));
  int id = shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600);
  show(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600));
  show(shmget(key, 200, 0) );
  show((long)shmat(id, (void *)123, 0));
  show(shmctl(id, 99, 0));
  shmctl(id, IPC_RMID, 0);
}
