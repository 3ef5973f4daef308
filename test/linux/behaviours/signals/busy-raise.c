// A thread that signals itself without end does not stop the others: its slices end, too.
#include "behaviour.h"
#include <pthread.h>

static volatile int handled, stop;
static void count(int signo) { (void)signo; handled++; }
static void *raiser(void *none) {
  while (!stop) raise(SIGUSR1);
  return none;
}

void behaviour(void) {
  signal(SIGUSR1, count);
  pthread_t thread;
  show(pthread_create(&thread, NULL, raiser, NULL));
  for (int i = 0; i < 5; i++) {
    struct timespec nap = { 0, 5000000 };
    while (nanosleep(&nap, &nap) != 0);
  }
  stop = 1;
  show(pthread_join(thread, NULL));
  show(handled > 0);
}
