// Writes through a shared mapping are read from the file, and the other way round.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("0123456789");
  char text[11] = "";
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memcpy(p + 2, "AB", 2);
  pread(fd, text, 10, 0);
  say("%s\n", text);
  pwrite(fd, "CD", 2, 6);
  say("%.10s\n", p);
  p[11] = 'x';
  show(lseek(fd, 0, SEEK_END));
}
