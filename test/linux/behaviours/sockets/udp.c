// Datagrams over the loopback carry their sender; connected ones hear one peer.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } }, b;
  socklen_t size = sizeof a;
  char text[9] = "";
  int r = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
  bind(r, (void *)&a, sizeof a);
  getsockname(r, (void *)&a, &size);
  show(sendto(s, "abc", 3, 0, (void *)&a, sizeof a));
  show(recvfrom(r, text, 8, 0, (void *)&b, &size));
  say("%s from %s %d\n", text, inet_ntoa(b.sin_addr), b.sin_port != 0);
  show(send(s, "x", 1, 0));
  show(connect(s, (void *)&a, sizeof a));
  show(send(s, "de", 2, 0));
  show(recv(r, text, 1, MSG_TRUNC));
  close(r);
  show(send(s, "x", 1, 0));
  nap(10);
  show(recv(s, text, 8, MSG_DONTWAIT));
  show(sendto(r, "x", 1, 0, (void *)&a, sizeof a));
}
