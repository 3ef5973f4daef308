// At the limit of descriptors, every call that makes one is EMFILE.
#include "behaviour.h"

void behaviour(void) {
  struct rlimit l = { 6, 6 };
  setrlimit(RLIMIT_NOFILE, &l);
  int p[2];
  while (dup(0) >= 0);
  show(dup(0));
  show(open("/", O_RDONLY));
  show(pipe(p));
  show(socket(AF_UNIX, SOCK_STREAM, 0));
  show(epoll_create1(0));
  show(eventfd(0, 0));
  show(fcntl(0, F_DUPFD, 0));
  show(fcntl(0, F_DUPFD, 6));
}
