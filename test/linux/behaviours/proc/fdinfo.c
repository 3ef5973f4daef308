// fdinfo tells offset and flags.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("abc");
  lseek(fd, 2, SEEK_SET);
  say("%s %s\n", field("/proc/self/fdinfo/3", "pos"), field("/proc/self/fdinfo/3", "flags"));
  int e = eventfd(5, 0);
  say("%s\n", field("/proc/self/fdinfo/4", "eventfd-count"));
}
