// FUTEX_WAIT goes on after SA_RESTART.
#include "behaviour.h"
#include <linux/futex.h>

void behaviour(void) {
  static int word;
  struct timespec t = { 0, 100000000 };
  on(SIGALRM, nothing, SA_RESTART);
  ualarm(20000, 0); show(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t));
  on(SIGALRM, nothing, 0);
  ualarm(20000, 0); show(syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0));
}
