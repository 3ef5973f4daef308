// clone3 refuses sizes, flags and signals that it does not know.
#include "behaviour.h"
#include <linux/sched.h>

void behaviour(void) {
  struct clone_args a = { .exit_signal = SIGCHLD };
  show(syscall(SYS_clone3, &a, 8));
  show(syscall(SYS_clone3, &a, 1 << 20));
  a.exit_signal = 100;
  show(syscall(SYS_clone3, &a, sizeof a));
  a.exit_signal = SIGCHLD; a.stack = 4096;
  show(syscall(SYS_clone3, &a, sizeof a));
  a.stack = 0; a.flags = 0xff;
  show(syscall(SYS_clone3, &a, sizeof a));
  show(syscall(SYS_clone3, 1, sizeof a));
}
