// Named semaphores count between processes.
#include "behaviour.h"
#include <semaphore.h>

void behaviour(void) {
  char name[40];
  snprintf(name, 40, "/behaviour.%d", getpid());
  sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
  show(s != SEM_FAILED);
  show(sem_wait(s));
  show(sem_trywait(s));
  pid_t pid = child(nap(10); sem_post(s));
  show(sem_wait(s));
  reap(pid);
  show(sem_unlink(name));
}
