// CLONE_FILES shares the table of descriptors; without it closing is private.
#include "behaviour.h"

static char stack[16384] __attribute__((aligned(16)));
static int body(void *fd) { close((long)fd); return 0; }

void behaviour(void) {
  int fd = open("/dev/null", O_RDONLY);
  reap(clone(body, stack + sizeof stack, SIGCHLD, (void *)(long)fd));
  show(fcntl(fd, F_GETFD));
  reap(clone(body, stack + sizeof stack, CLONE_FILES | SIGCHLD, (void *)(long)fd));
  show(fcntl(fd, F_GETFD));
}
