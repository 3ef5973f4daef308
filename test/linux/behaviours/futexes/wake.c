// FUTEX_WAKE wakes as many as it says and tells how many.
#include "behaviour.h"
#include <linux/futex.h>

static int word;
static void *other(void *argument) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0); return 0; }

void behaviour(void) {
  pthread_t t[3];
  show(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1));
  for (int i = 0; i < 3; i++) t[i] = thread(other, 0);
  nap(50);
  show(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 2));
  show(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 9));
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
}
