// CLONE_FS shares the working directory and the umask.
#include "behaviour.h"

static char stack[16384] __attribute__((aligned(16)));
static int body(void *argument) { chdir("/"); umask(077); return 0; }

void behaviour(void) {
  char path[99];
  reap(clone(body, stack + sizeof stack, CLONE_FS | SIGCHLD, 0));
  say("%s %o\n", getcwd(path, 99), umask(0));
}
