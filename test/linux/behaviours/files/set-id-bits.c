// Writing and changing the owner take the set-id bits away.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  int fd = file("x");
  chmod("file", 06755);
  chown("file", 1000, 1000);
  stat("file", &s); say("%o\n", s.st_mode & 07777);
  become(1000);
  chmod("file", 06755);
  write(fd, "y", 1);
  stat("file", &s); say("%o\n", s.st_mode & 07777);
}
