// F_SETLKW that would close a circle is EDEADLK.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("ab"), p[2];
  struct flock l = { .l_type = F_WRLCK, .l_start = 0, .l_len = 1 };
  char c;
  pipe(p);
  fcntl(fd, F_SETLK, &l);
  pid_t pid = child(l.l_start = 1; fcntl(fd, F_SETLK, &l); write(p[1], "x", 1); l.l_start = 0; show(fcntl(fd, F_SETLKW, &l)));
  read(p[0], &c, 1);
  until_asleep(pid);
  l.l_start = 1;
  show(fcntl(fd, F_SETLKW, &l));
  l.l_start = 0; l.l_type = F_UNLCK;
  fcntl(fd, F_SETLK, &l);
  reap(pid);
}
