// An ordinary user may choose among its three ids.
#include "behaviour.h"

void behaviour(void) {
  uid_t r, e, s;
  setresuid(1, 2, 3);
  show(setresuid(-1, 3, -1));
  show(setresuid(2, 1, -1));
  getresuid(&r, &e, &s);
  say("%d %d %d\n", r, e, s);
  show(setresuid(4, -1, -1));
  show(setreuid(1, 2));
  getresuid(&r, &e, &s);
  say("%d %d %d\n", r, e, s);
}
