// A name is cut to fifteen bytes, and threads have their own.
#include "behaviour.h"

static void *other(void *argument) { char n[16]; prctl(PR_SET_NAME, "other"); prctl(PR_GET_NAME, n); say("%s\n", n); return 0; }

void behaviour(void) {
  char n[16];
  prctl(PR_SET_NAME, "0123456789abcdefgh");
  pthread_join(thread(other, 0), 0);
  prctl(PR_GET_NAME, n);
  say("%s\n", n);
  show(prctl(PR_SET_NAME, 1));
}
