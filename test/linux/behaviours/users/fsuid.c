// setfsuid changes whose files are opened, and gives the old.
#include "behaviour.h"
#include <sys/fsuid.h>

void behaviour(void) {
  put("f", "x"); chmod("f", 0600);
  show(setfsuid(1000));
  show(setfsuid(-1));
  show(open("f", O_RDONLY));
  show(setfsuid(0));
  show(open("f", O_RDONLY) > 0);
}
