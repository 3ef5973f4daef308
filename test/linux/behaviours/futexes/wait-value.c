// FUTEX_WAIT is EAGAIN unless the word has the value, and times out.
#include "behaviour.h"
#include <linux/futex.h>

void behaviour(void) {
  int word = 1;
  struct timespec t = { 0, 1000000 }, bad = { 0, -1 };
  show(syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0));
  show(syscall(SYS_futex, &word, FUTEX_WAIT, 1, &t));
  show(syscall(SYS_futex, &word, FUTEX_WAIT, 1, &bad));
  show(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 1, &t));
  show(syscall(SYS_futex, 8, FUTEX_WAIT, 1, &t));
  show(syscall(SYS_futex, &word, 77, 1, &t));
}
