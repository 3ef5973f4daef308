// What recvfrom and recvmsg tell of the sender: nothing where it has no name, and nothing of TCP.
#include "behaviour.h"
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

static void receive(const char *what, int fd) {
  struct sockaddr_un from;
  socklen_t size = sizeof from;
  char text[8];
  ssize_t got = recvfrom(fd, text, 1, 0, (void *)&from, &size);
  say("%s: recvfrom %d bytes, name of %d", what, (int)got, (int)size);
  struct iovec piece = { text, 1 };
  struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &piece, .msg_iovlen = 1 };
  got = recvmsg(fd, &message, 0);
  say("; recvmsg %d bytes, name of %d\n", (int)got, (int)message.msg_namelen);
}

void behaviour(void) {
  struct sockaddr_un name = { AF_UNIX, "\0receiver" }, own = { AF_UNIX, "\0sender" };
  socklen_t nameSize = offsetof(struct sockaddr_un, sun_path) + 9, ownSize = offsetof(struct sockaddr_un, sun_path) + 7;
  int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  show(bind(receiver, (void *)&name, nameSize));
  for (int i = 0; i < 2; i++) sendto(sender, "a", 1, 0, (void *)&name, nameSize);
  receive("unnamed datagrams", receiver);
  show(bind(sender, (void *)&own, ownSize));
  for (int i = 0; i < 2; i++) sendto(sender, "a", 1, 0, (void *)&name, nameSize);
  receive("named datagrams", receiver);

  int pair[2];
  show(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  write(pair[0], "ab", 2);
  receive("unnamed stream", pair[1]);

  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  name.sun_path[1] = 'R', own.sun_path[1] = 'S';
  bind(listener, (void *)&name, nameSize), listen(listener, 1), bind(client, (void *)&own, ownSize);
  show(connect(client, (void *)&name, nameSize));
  int accepted = accept(listener, NULL, NULL);
  write(client, "ab", 2);
  receive("named stream", accepted);

  struct sockaddr_in address = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof address;
  int tcp = socket(AF_INET, SOCK_STREAM, 0), near = socket(AF_INET, SOCK_STREAM, 0);
  bind(tcp, (void *)&address, size), getsockname(tcp, (void *)&address, &size), listen(tcp, 1);
  show(connect(near, (void *)&address, size));
  accepted = accept(tcp, NULL, NULL);
  write(near, "ab", 2);
  receive("TCP", accepted);
}
