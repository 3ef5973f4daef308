// With O_DIRECT each write is read as a packet.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  char text[10];
  pipe2(p, O_DIRECT);
  write(p[1], "abc", 3);
  write(p[1], "de", 2);
  show(read(p[0], text, 2));
  show(read(p[0], text, 10));
}
