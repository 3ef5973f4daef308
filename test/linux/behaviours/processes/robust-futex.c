// A lock of a thread that ended is marked and its waiter woken.
#include "behaviour.h"

static pthread_mutex_t mutex;
static void *other(void *argument) { pthread_mutex_lock(&mutex); return 0; }

void behaviour(void) {
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex, &a);
  pthread_join(thread(other, 0), 0);
  say("%s\n", errno_name(pthread_mutex_lock(&mutex)));
  say("%s\n", errno_name(pthread_mutex_consistent(&mutex)));
  say("%s\n", errno_name(pthread_mutex_unlock(&mutex)));
  say("%s\n", errno_name(pthread_mutex_lock(&mutex)));
}
