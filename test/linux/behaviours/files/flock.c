// flock locks belong to the open file, convert, and go with it.
#include "behaviour.h"

void behaviour(void) {
  int a = file("x"), b = open("file", O_RDONLY), c = dup(a);
  show(flock(a, LOCK_EX));
  show(flock(b, LOCK_SH | LOCK_NB));
  show(flock(c, LOCK_SH));
  show(flock(b, LOCK_SH | LOCK_NB));
  show(flock(b, LOCK_EX | LOCK_NB));
  close(a);
  show(flock(b, LOCK_EX | LOCK_NB));
  close(c);
  show(flock(b, LOCK_EX | LOCK_NB));
  show(flock(b, LOCK_UN));
  show(flock(b, 77));
}
