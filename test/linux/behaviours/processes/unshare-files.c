// unshare(CLONE_FILES) of a thread gives it a table of its own.
#include "behaviour.h"

static void *other(void *argument) { unshare(CLONE_FILES); close(*(int *)argument); return 0; }

void behaviour(void) {
  int fd = dup(0);
  pthread_join(thread(other, &fd), 0);
  show(fcntl(fd, F_GETFD));
}
