// clone3 makes a child with an exit signal and a descriptor of it.
#include "behaviour.h"
#include <linux/sched.h>

void behaviour(void) {
  int fd = -1;
  struct clone_args a = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD };
  pid_t pid = syscall(SYS_clone3, &a, sizeof a);
  if (pid == 0) _exit(9);
  say("descriptor %d, close-on-exec %d\n", fd >= 0, fcntl(fd, F_GETFD));
  reap(pid);
}
