// Parent and child share the offset of a descriptor opened before fork.
#include "behaviour.h"

void behaviour(void) {
  char c[2] = "";
  int fd = file("abcdef");
  reap(child(read(fd, c, 1); say("child reads %s\n", c)));
  read(fd, c, 1);
  say("parent reads %s\n", c);
}
