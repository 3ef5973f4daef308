// SHUT_RD ends one's own reading, and tells the writer by EPIPE.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char c;
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  signal(SIGPIPE, SIG_IGN);
  write(s[1], "x", 1);
  show(shutdown(s[0], SHUT_RD));
  show(read(s[0], &c, 1));
  show(read(s[0], &c, 1));
  show(write(s[1], "y", 1));
  show(shutdown(s[0], 9));
}
