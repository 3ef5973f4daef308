// nanosleep refuses bad times, and tells the rest when interrupted.
#include "behaviour.h"

void behaviour(void) {
  struct timespec t = { -1, 0 }, rest = { 9, 9 };
  show(nanosleep(&t, 0));
  t = (struct timespec){ 0, 1000000000 };
  show(nanosleep(&t, 0));
  show(nanosleep((void *)8, 0));
  t = (struct timespec){ 5, 0 };
  on(SIGALRM, nothing, 0);
  ualarm(20000, 0);
  show(nanosleep(&t, &rest));
  say("%d\n", rest.tv_sec == 4);
}
