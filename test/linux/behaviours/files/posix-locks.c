// POSIX locks are the process's, split, and go when any descriptor is closed.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789");
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10 };
  show(fcntl(fd, F_SETLK, &l));
  l = (struct flock){ .l_type = F_UNLCK, .l_start = 4, .l_len = 2 };
  show(fcntl(fd, F_SETLK, &l));
  pid_t me = getpid();
  reap(child(
    l = (struct flock){ .l_type = F_RDLCK, .l_start = 0, .l_len = 0 };
    fcntl(fd, F_GETLK, &l);
    say("type %d start %d length %d owner %d\n", l.l_type == F_WRLCK, (int)l.l_start, (int)l.l_len, l.l_pid == me);
    l = (struct flock){ .l_type = F_RDLCK, .l_start = 4, .l_len = 2 };
    show(fcntl(fd, F_SETLK, &l));
    l = (struct flock){ .l_type = F_RDLCK, .l_start = 5, .l_len = 2 };
    show(fcntl(fd, F_SETLK, &l))));
  close(open("file", O_RDONLY));
  reap(child(l = (struct flock){ .l_type = F_WRLCK }; show(fcntl(fd, F_SETLK, &l))));
}
