// A thread that waits over and over for less than a call takes, letting a lock go each time, does not keep others from the lock.
#include "behaviour.h"
#include <linux/futex.h>

static int lock, never, done;

static long futex(int *at, int op, int value, struct timespec *time) { return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, value, time, 0, -1); }

static void take(void) {
  int old = 0;
  if (__atomic_compare_exchange_n(&lock, &old, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  while (__atomic_exchange_n(&lock, 2, __ATOMIC_SEQ_CST) != 0) futex(&lock, FUTEX_WAIT, 2, 0);
}

static void leave(void) { if (__atomic_exchange_n(&lock, 0, __ATOMIC_SEQ_CST) == 2) futex(&lock, FUTEX_WAKE, 1, 0); }

static void *waiter(void *unused) {
  struct timespec past;
  take();
  while (!done) {
    clock_gettime(CLOCK_MONOTONIC, &past);
    for (volatile int i = 0; i < 1000; i++);
    leave();
    futex(&never, FUTEX_WAIT_BITSET, 0, &past);
    take();
  }
  leave();
  return 0;
}

void behaviour(void) {
  pthread_t one = thread(waiter, 0);
  for (int i = 0; i < 50; i++) { take(); leave(); nap(1); }
  take(); done = 1; leave();
  show(pthread_join(one, 0));
}
