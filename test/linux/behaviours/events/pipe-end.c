// A pipe ends when its last writer has gone, and data stays until then.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  char c;
  pipe(p);
  write(p[1], "x", 1);
  int again = dup(p[1]);
  close(p[1]);
  show(read(p[0], &c, 1));
  close(again);
  show(read(p[0], &c, 1));
  show(write(p[0], "x", 1));
}
