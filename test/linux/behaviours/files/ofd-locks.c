// OFD locks belong to the open file and conflict within a process.
#include "behaviour.h"

void behaviour(void) {
  int a = file("x"), b = open("file", O_RDWR);
  struct flock l = { .l_type = F_WRLCK };
  show(fcntl(a, F_OFD_SETLK, &l));
  show(fcntl(b, F_OFD_SETLK, &l));
  show(fcntl(b, F_SETLK, &l));
  l.l_type = F_RDLCK;
  show(fcntl(b, F_OFD_GETLK, &l));
  say("%d %d\n", l.l_type == F_WRLCK, l.l_pid);
  l.l_pid = 5;
  show(fcntl(a, F_OFD_SETLK, &l));
  close(a);
  l = (struct flock){ .l_type = F_WRLCK };
  show(fcntl(b, F_OFD_SETLK, &l));
}
