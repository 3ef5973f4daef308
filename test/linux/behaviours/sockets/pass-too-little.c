// Without room for control data, MSG_CTRUNC tells and the descriptor is closed.
#include "behaviour.h"

void behaviour(void) {
  int s[2], p[2];
  char byte = 'x', room[CMSG_SPACE(sizeof(int))] = "";
  struct iovec v = { &byte, 1 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
  pipe(p);
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET; c->cmsg_type = SCM_RIGHTS; c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &p[1], sizeof(int));
  sendmsg(s[0], &m, 0);
  close(p[1]);
  m.msg_controllen = 0;
  show(recvmsg(s[1], &m, 0));
  show(m.msg_flags & MSG_CTRUNC);
  show(read(p[0], &byte, 1));
}
