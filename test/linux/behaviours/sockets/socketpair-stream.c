// A pair of streams carries bytes both ways, and ends with its peer.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char text[9] = "";
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  write(s[0], "ab", 2); write(s[0], "cd", 2);
  show(read(s[1], text, 8));
  say("%s\n", text);
  show(shutdown(s[0], SHUT_WR));
  show(read(s[1], text, 8));
  show(write(s[1], "x", 1));
  show(send(s[0], "x", 1, MSG_NOSIGNAL));
  close(s[1]);
  show(read(s[0], text, 8));
  show(read(s[0], text, 8));
}
