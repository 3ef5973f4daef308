// pidfd_send_signal signals the process, and nobody once it has gone.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(pause());
  int fd = syscall(SYS_pidfd_open, pid, 0);
  show(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
  show(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0));
  reap(pid);
  show(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0));
  show(syscall(SYS_pidfd_send_signal, 0, SIGTERM, 0, 0));
}
