// close_range closes a range, or marks it.
#include "behaviour.h"

void behaviour(void) {
  for (int i = 3; i < 12; i++) dup2(0, i);
  show(syscall(SYS_close_range, 4, 6, 0));
  show(syscall(SYS_close_range, 9, ~0u, 4));
  show(syscall(SYS_close_range, 6, 4, 0));
  show(syscall(SYS_close_range, 3, 4, 8));
  for (int i = 3; i < 12; i++) say("%d%s", fcntl(i, F_GETFD), i < 11 ? " " : "\n");
}
