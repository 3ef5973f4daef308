// brk grows and shrinks the heap, and gives the old end when it cannot.
#include "behaviour.h"

void behaviour(void) {
  char *end = (char *)syscall(SYS_brk, 0);
  show(syscall(SYS_brk, end + 8192) == (long)(end + 8192));
  end[8191] = 3;
  end[0] = 4;
  show(end[1]);
  show(syscall(SYS_brk, 1) == (long)(end + 8192));
  show(syscall(SYS_brk, end) == (long)end);
  show(syscall(SYS_brk, end + 4096) == (long)(end + 4096));
  show(end[0]);
}
