// F_SEAL_WRITE is refused while the file is mapped writable, F_SEAL_FUTURE_WRITE is not.
#include "behaviour.h"

void behaviour(void) {
  int fd = memfd_create("x", MFD_ALLOW_SEALING);
  ftruncate(fd, 4096);
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
  p[0] = 'x';
  show(pwrite(fd, "ab", 2, 0));
  munmap(p, 4096);
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}
