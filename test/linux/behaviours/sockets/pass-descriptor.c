// SCM_RIGHTS passes open files, and closing keeps them until received.
#include "behaviour.h"

void behaviour(void) {
  int s[2], fd = file("through");
  char byte = 'x', text[9] = "", room[CMSG_SPACE(sizeof(int))] = "";
  struct iovec v = { &byte, 1 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET; c->cmsg_type = SCM_RIGHTS; c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  show(sendmsg(s[0], &m, 0));
  close(fd);
  memset(room, 0, sizeof room);
  m.msg_controllen = sizeof room;
  show(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
  c = CMSG_FIRSTHDR(&m);
  memcpy(&fd, CMSG_DATA(c), sizeof fd);
  say("type %d close-on-exec %d\n", c->cmsg_type, fcntl(fd, F_GETFD));
  read(fd, text, 8);
  say("%s\n", text);
}
