// ppoll and pselect wait with another mask.
#include "behaviour.h"

void behaviour(void) {
  sigset_t none;
  sigemptyset(&none);
  on(SIGUSR1, announce, 0);
  sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0);
  raise(SIGUSR1);
  struct timespec t = { 5, 0 };
  show(ppoll(0, 0, &t, &none));
  raise(SIGUSR1);
  show(pselect(0, 0, 0, 0, &t, &none));
  raise(SIGUSR1);
  show(epoll_pwait(epoll_create1(0), &(struct epoll_event){ 0 }, 1, 5000, &none));
}
