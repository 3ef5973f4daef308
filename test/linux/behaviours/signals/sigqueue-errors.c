// rt_sigqueueinfo does not let a process pass for the kernel.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(pause());
  siginfo_t i = { .si_code = SI_USER };
  show(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &i));
  i.si_code = 5;
  show(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &i));
  i.si_code = SI_QUEUE;
  show(syscall(SYS_rt_sigqueueinfo, pid, 70, &i));
  show(syscall(SYS_rt_sigqueueinfo, 4000000, SIGUSR1, &i));
  show(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &i));
  reap(pid);
}
