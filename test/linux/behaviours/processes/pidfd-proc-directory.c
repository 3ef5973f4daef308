// pidfd_send_signal takes a directory /proc/[pid] for its process, and nothing else for one.
#include "behaviour.h"

static long tell(int fd, int signal) { return syscall(SYS_pidfd_send_signal, fd, signal, 0, 0); }

void behaviour(void) {
  char path[64];
  on(SIGUSR1, announce, 0);
  int own = open("/proc/self", O_RDONLY | O_DIRECTORY), proc = open("/proc", O_RDONLY | O_DIRECTORY), status = open("/proc/self/status", O_RDONLY);
  show(tell(own, SIGUSR1));
  show(tell(proc, SIGUSR1));
  show(tell(status, SIGUSR1));
  pid_t c = child(pause());
  snprintf(path, sizeof path, "/proc/%d", c);
  int theirs = open(path, O_RDONLY | O_DIRECTORY);
  show(tell(theirs, 0));
  show(tell(theirs, SIGTERM));
  reap(c);
  show(tell(theirs, 0));
}
