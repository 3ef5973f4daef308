// Writing beyond RLIMIT_FSIZE sends SIGXFSZ and is EFBIG.
#include "behaviour.h"

void behaviour(void) {
  struct rlimit l = { 10, 10 };
  setrlimit(RLIMIT_FSIZE, &l);
  on(SIGXFSZ, announce, 0);
  int fd = open("f", O_CREAT | O_RDWR, 0600);
  show(write(fd, "0123456", 7));
  show(write(fd, "0123456", 7));
  show(write(fd, "0123456", 7));
  show(ftruncate(fd, 11));
}
