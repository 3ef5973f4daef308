// SO_PEERCRED and SCM_CREDENTIALS tell who is at the other end.
#include "behaviour.h"

void behaviour(void) {
  int s[2], one = 1;
  struct ucred u;
  socklen_t size = sizeof u;
  char byte = 'x', room[200];
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  show(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &u, &size));
  say("%d %d %d\n", u.pid == getpid(), u.uid, u.gid);
  show(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
  pid_t pid = child(write(s[0], "x", 1));
  struct iovec v = { &byte, 1 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
  recvmsg(s[1], &m, 0);
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  memcpy(&u, CMSG_DATA(c), sizeof u);
  say("type %d child %d uid %d\n", c->cmsg_type, u.pid == pid, u.uid);
}
