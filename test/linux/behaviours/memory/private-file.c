// Writes to a private mapping stay in it.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789");
  char text[11] = "";
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  p[0] = 'X';
  pread(fd, text, 10, 0);
  say("%s %.10s %d\n", text, p, p[10]);
}
