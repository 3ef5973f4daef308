// signalfd reads blocked signals with their senders.
#include "behaviour.h"

void behaviour(void) {
  sigprocmask(SIG_BLOCK, signals(SIGUSR1, SIGRTMIN), 0);
  int fd = signalfd(-1, signals(SIGUSR1, SIGRTMIN), SFD_NONBLOCK | SFD_CLOEXEC);
  struct signalfd_siginfo i[3];
  show(read(fd, i, sizeof i));
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 7 });
  show(read(fd, i, sizeof i[0] - 1));
  show(read(fd, i, sizeof i));
  say("%d code %d pid %d uid %d\n", i[0].ssi_signo, i[0].ssi_code, i[0].ssi_pid == getpid(), i[0].ssi_uid);
  say("%d code %d value %d\n", i[1].ssi_signo == SIGRTMIN, i[1].ssi_code, i[1].ssi_int);
}
