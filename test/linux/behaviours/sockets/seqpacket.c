// Packets in sequence keep bounds and end with their peer.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char text[9];
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s);
  write(s[0], "abc", 3); write(s[0], "d", 1);
  show(read(s[1], text, 8));
  show(read(s[1], text, 8));
  close(s[0]);
  show(read(s[1], text, 8));
}
