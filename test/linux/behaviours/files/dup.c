// dup takes the lowest number, dup2 closes, dup3 refuses the same.
#include "behaviour.h"

void behaviour(void) {
  show(dup(0));
  show(dup2(0, 9));
  show(dup(0));
  show(dup2(9, 9));
  show(dup2(50, 9));
  show(dup2(0, -1));
  show(dup3(0, 0, 0));
  show(dup3(0, 8, O_CLOEXEC));
  show(fcntl(8, F_GETFD));
  show(syscall(SYS_dup3, 0, 8, 1));
  show(fcntl(0, F_DUPFD_CLOEXEC, 20));
  show(fcntl(20, F_GETFD));
  show(fcntl(0, F_DUPFD, -1));
  show(dup(77));
}
