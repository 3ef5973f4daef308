// clone refuses combinations of flags that make no sense.
#include "behaviour.h"

void behaviour(void) {
  show(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
  show(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0));
  show(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0));
}
