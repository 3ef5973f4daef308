// A write of at most PIPE_BUF is whole or not at all.
#include "behaviour.h"

static char data[65536];

void behaviour(void) {
  int p[2];
  pipe2(p, O_NONBLOCK);
  write(p[1], data, 65536 - 4096);
  write(p[1], data, 2000);
  show(write(p[1], data, 4096));
  show(write(p[1], data, 2096));
  show(write(p[1], data, 1));
}
