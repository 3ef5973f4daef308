// setuid of root sets all three ids; of others only the effective one.
#include "behaviour.h"

void behaviour(void) {
  uid_t r, e, s;
  show(setuid(1000));
  getresuid(&r, &e, &s);
  say("%d %d %d\n", r, e, s);
  show(setuid(0));
  show(setuid(1000));
}
