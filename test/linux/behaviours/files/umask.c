// umask takes bits away from what is made.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  show(umask(027));
  close(open("f", O_CREAT, 0666));
  mkdir("d", 0777);
  stat("f", &s); say("%o\n", s.st_mode & 07777);
  stat("d", &s); say("%o\n", s.st_mode & 07777);
  show(umask(07777) == 027);
  show(umask(0));
}
