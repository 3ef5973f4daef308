// Datagrams keep their bounds; what does not fit is lost, and MSG_TRUNC tells.
#include "behaviour.h"

void behaviour(void) {
  int s[2];
  char text[9] = "";
  socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
  send(s[0], "abcdef", 6, 0); send(s[0], "", 0, 0); send(s[0], "xyz", 3, 0);
  struct iovec v = { text, 3 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
  show(recvmsg(s[1], &m, 0));
  show(m.msg_flags & MSG_TRUNC);
  show(recv(s[1], text, 8, 0));
  show(recv(s[1], text, 1, MSG_TRUNC | MSG_PEEK));
  show(recv(s[1], text, 8, 0));
  show(recv(s[1], text, 8, MSG_DONTWAIT));
}
