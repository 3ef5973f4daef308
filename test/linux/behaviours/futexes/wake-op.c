// FUTEX_WAKE_OP changes the second word and wakes by what it was.
#include "behaviour.h"
#include <linux/futex.h>

void behaviour(void) {
  int a = 0, b = 5;
  show(syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, &b, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
  show(b);
  syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, &b, FUTEX_OP(FUTEX_OP_ANDN, 8, FUTEX_OP_CMP_EQ, 5));
  show(b);
  syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, &b, FUTEX_OP(FUTEX_OP_SET, 77, FUTEX_OP_CMP_GT, 5));
  show(b);
}
