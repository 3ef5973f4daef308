// Locks need descriptors open for what they lock, and ranges that exist.
#include "behaviour.h"

void behaviour(void) {
  file("x");
  int in = open("file", O_RDONLY), out = open("file", O_WRONLY);
  struct flock l = { .l_type = F_WRLCK };
  show(fcntl(in, F_SETLK, &l));
  l.l_type = F_RDLCK;
  show(fcntl(out, F_SETLK, &l));
  l.l_start = -1;
  show(fcntl(in, F_SETLK, &l));
  l.l_start = 0; l.l_type = 9;
  show(fcntl(in, F_SETLK, &l));
  show(fcntl(in, F_SETLK, (void *)8));
}
