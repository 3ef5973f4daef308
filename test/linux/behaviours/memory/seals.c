// Seals stop writing, growing, shrinking and sealing.
#include "behaviour.h"

void behaviour(void) {
  int fd = memfd_create("x", MFD_ALLOW_SEALING);
  ftruncate(fd, 4096);
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
  show(ftruncate(fd, 10));
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  show(ftruncate(fd, 8192));
  show(pwrite(fd, "ab", 2, 4095));
  show(pwrite(fd, "ab", 2, 4096));
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  show(pwrite(fd, "ab", 2, 0));
  show((long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  ok(mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
  show(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  show(fcntl(fd, F_GET_SEALS));
  show(fcntl(0, F_GET_SEALS));
}
