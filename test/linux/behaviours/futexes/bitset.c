// WAKE_BITSET wakes those whose bits it names; a set of none is refused.
#include "behaviour.h"
#include <linux/futex.h>

static int word;
static void *other(void *bits) { syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0, 0, (long)bits); say("woken %ld\n", (long)bits); return 0; }

void behaviour(void) {
  pthread_t a = thread(other, (void *)1), b = thread(other, (void *)2);
  nap(50);
  show(syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 9, 0, 0, 4));
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 9, 0, 0, 2);
  pthread_join(b, 0);
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 9, 0, 0, 1);
  pthread_join(a, 0);
  show(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0, 0, 0));
}
