// comm can be written.
#include "behaviour.h"

void behaviour(void) {
  int fd = open("/proc/self/comm", O_RDWR);
  show(write(fd, "renamed", 7));
  char n[16];
  prctl(PR_GET_NAME, n);
  say("%s\n", n);
}
