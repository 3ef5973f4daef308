// UDP-Lite has ports of its own; a datagram whose checksum covers less than its receiver demands is dropped.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof a, length = 4;
  char text[33] = "";
  int v;
  int r = socket(AF_INET, SOCK_DGRAM, 136), s = socket(AF_INET, SOCK_DGRAM, 136), u = socket(AF_INET, SOCK_DGRAM, 0);
  show(bind(r, (void *)&a, sizeof a));
  getsockname(r, (void *)&a, &size);
  show(bind(u, (void *)&a, sizeof a));
  getsockopt(r, SOL_SOCKET, SO_PROTOCOL, &v, &length); show(v);
  show(sendto(u, "udp", 3, 0, (void *)&a, sizeof a));
  show(recv(r, text, 32, MSG_DONTWAIT));
  show(sendto(s, "lite", 4, 0, (void *)&a, sizeof a));
  show(recv(r, text, 32, 0));
  for (int i = 0; i < 3; i++) {
    v = (int[]){ 3, 0, 100000 }[i];
    show(setsockopt(s, 136, 10, &v, 4));
    getsockopt(s, 136, 10, &v, &length); show(v);
  }
  v = 10;
  show(setsockopt(s, 136, 10, &v, 4));
  show(sendto(s, "partial", 7, 0, (void *)&a, sizeof a));
  show(recv(r, text, 32, 0));
  v = 12;
  show(setsockopt(r, 136, 11, &v, 4));
  show(sendto(s, "too little", 10, 0, (void *)&a, sizeof a));
  show(sendto(s, "x", 1, 0, (void *)&a, sizeof a));
  show(recv(r, text, 32, 0));
  show(setsockopt(u, 136, 10, &v, 4));
  show(socket(AF_INET, SOCK_STREAM, 136));
}
