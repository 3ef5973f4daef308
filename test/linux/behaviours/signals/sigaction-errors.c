// sigaction refuses SIGKILL, SIGSTOP and what is no signal.
#include "behaviour.h"

void behaviour(void) {
  struct sigaction a = { .sa_handler = SIG_IGN };
  show(sigaction(SIGKILL, &a, 0));
  show(sigaction(SIGSTOP, &a, 0));
  show(sigaction(0, &a, 0));
  show(sigaction(65, &a, 0));
  show(sigaction(64, &a, 0));
  show(syscall(SYS_rt_sigaction, SIGKILL, 0, 0, 8));
  show(syscall(SYS_rt_sigaction, SIGUSR1, 0, 0, 4));
  show(syscall(SYS_rt_sigaction, SIGUSR1, 8, 0, 8));
}
