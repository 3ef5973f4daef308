// CMP_REQUEUE moves those it does not wake to another word.
#include "behaviour.h"
#include <linux/futex.h>

static int first, second;
static void *other(void *argument) { syscall(SYS_futex, &first, FUTEX_WAIT_PRIVATE, 0, 0); return 0; }

void behaviour(void) {
  pthread_t t[3];
  for (int i = 0; i < 3; i++) t[i] = thread(other, 0);
  nap(50);
  show(syscall(SYS_futex, &first, FUTEX_CMP_REQUEUE_PRIVATE, 1, 9, &second, 5));
  show(syscall(SYS_futex, &first, FUTEX_CMP_REQUEUE_PRIVATE, 1, 9, &second, 0));
  show(syscall(SYS_futex, &first, FUTEX_WAKE_PRIVATE, 9));
  show(syscall(SYS_futex, &second, FUTEX_WAKE_PRIVATE, 9));
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
}
