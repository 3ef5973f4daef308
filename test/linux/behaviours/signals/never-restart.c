// poll, select, epoll_wait, nanosleep, pause and sigsuspend are EINTR even with SA_RESTART.
#include "behaviour.h"

void behaviour(void) {
  int e = epoll_create1(0);
  struct epoll_event event;
  struct timespec t = { 5, 0 };
  struct timeval v = { 5, 0 };
  on(SIGALRM, nothing, SA_RESTART);
  ualarm(20000, 0); show(poll(0, 0, 5000));
  ualarm(20000, 0); show(select(0, 0, 0, 0, &v));
  ualarm(20000, 0); show(epoll_wait(e, &event, 1, 5000));
  ualarm(20000, 0); show(nanosleep(&t, 0));
  ualarm(20000, 0); say("clock_nanosleep: %s\n", errno_name(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, 0)));
  ualarm(20000, 0); show(pause());
}
