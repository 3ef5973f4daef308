// MSG_PEEK leaves the data, MSG_WAITALL waits for all of it.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char text[9] = "";
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  write(s[0], "abcd", 4);
  show(recv(s[1], text, 2, MSG_PEEK));
  show(recv(s[1], text, 8, MSG_PEEK));
  pid_t pid = child(nap(30); write(s[0], "ef", 2));
  show(recv(s[1], text, 6, MSG_WAITALL));
  say("%s\n", text);
  reap(pid);
}
