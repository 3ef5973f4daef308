// Many threads take turns by mutex and condition.
#include "behaviour.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;
static void *other(void *number) {
  for (int i = 0; i < 20; i++) {
    pthread_mutex_lock(&mutex);
    while (turn % 3 != (long)number) pthread_cond_wait(&changed, &mutex);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return 0;
}

void behaviour(void) {
  pthread_t t[3];
  for (long i = 0; i < 3; i++) t[i] = thread(other, (void *)i);
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
  show(turn);
}
