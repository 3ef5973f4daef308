// sigprocmask refuses other ways and sizes, and never blocks SIGKILL.
#include "behaviour.h"

void behaviour(void) {
  sigset_t s, old;
  sigfillset(&s);
  show(syscall(SYS_rt_sigprocmask, 3, &s, 0, 8));
  show(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &s, 0, 16));
  show(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, 0, 8));
  show(syscall(SYS_rt_sigprocmask, 9, 0, &old, 8));
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &s, 0, 8);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, &old, 8);
  say("%d %d %d\n", sigismember(&old, SIGKILL), sigismember(&old, SIGSTOP), sigismember(&old, SIGTERM));
}
