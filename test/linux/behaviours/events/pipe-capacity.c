// A pipe holds 65536 bytes, and what F_SETPIPE_SZ says.
#include "behaviour.h"

static char data[70000];

void behaviour(void) {
  int p[2], n;
  pipe2(p, O_NONBLOCK);
  show(fcntl(p[0], F_GETPIPE_SZ));
  show(write(p[1], data, 70000));
  show(write(p[1], data, 1));
  ioctl(p[0], FIONREAD, &n);
  show(n);
  show(fcntl(p[0], F_SETPIPE_SZ, 4096));
  read(p[0], data, 65536);
  show(fcntl(p[0], F_SETPIPE_SZ, 5000));
  show(write(p[1], data, 70000));
}
