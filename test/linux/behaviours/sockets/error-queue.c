// With IP_RECVERR a datagram that nobody took comes back by MSG_ERRQUEUE, with what was wrong; without, there is nothing there.
#include "behaviour.h"
#include <linux/errqueue.h>

static int events(int fd) {
  struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
  poll(&p, 1, 0);
  return p.revents;
}

static void hear(int s, int room) {
  char text[8], control[256];
  struct sockaddr_storage from = { 0 };
  struct iovec v = { text, sizeof text };
  struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
  long count = recvmsg(s, &m, MSG_ERRQUEUE);
  if (count < 0) { say("nothing: %s\n", errno_name(errno)); return; }
  say("%ld bytes '%.*s', flags %x, to family %d port %d, control %d\n", count, (int)count, text, m.msg_flags, from.ss_family, ntohs(((struct sockaddr_in *)&from)->sin_port), (int)m.msg_controllen);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    say("  level %d type %d length %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
    if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == 25)) {
      struct sock_extended_err *e = (void *)CMSG_DATA(c);
      struct sockaddr_in *o = (void *)(e + 1);
      say(": %s origin %d type %d code %d info %d data %d, by family %d port %d %x", errno_name(e->ee_errno), e->ee_origin, e->ee_type, e->ee_code, e->ee_info, e->ee_data, o->sin_family, o->sin_port, ntohl(o->sin_addr.s_addr));
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) say(": %x", *CMSG_DATA(c));
    else if (c->cmsg_type == IP_TTL) say(": %d", *(int *)CMSG_DATA(c));
    say("\n");
  }
}

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, htons(9), { htonl(INADDR_LOOPBACK) } };
  struct sockaddr_in6 b = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  char c[8];
  int one = 1, zero = 0, v, s = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t size = 4;
  show(sendto(s, "lost", 4, 0, (void *)&a, sizeof a)); show(events(s)); hear(s, 256);
  show(setsockopt(s, IPPROTO_IP, IP_RECVERR, &one, 4));
  getsockopt(s, IPPROTO_IP, IP_RECVERR, &v, &size); show(v);
  show(sendto(s, "one", 3, 0, (void *)&a, sizeof a)); show(events(s));
  show(recv(s, c, 8, MSG_DONTWAIT)); show(events(s)); show(recv(s, c, 8, MSG_DONTWAIT));
  show(sendto(s, "two", 3, 0, (void *)&a, sizeof a));
  hear(s, 256); show(events(s)); hear(s, 256); show(events(s)); hear(s, 256);
  show(sendto(s, "long message", 12, 0, (void *)&a, sizeof a)); hear(s, 256);
  setsockopt(s, IPPROTO_IP, IP_RECVTTL, &one, 4); setsockopt(s, IPPROTO_IP, IP_RECVTOS, &one, 4);
  show(sendto(s, "three", 5, 0, (void *)&a, sizeof a)); hear(s, 256);
  show(sendto(s, "four", 4, 0, (void *)&a, sizeof a)); show(sendto(s, "five", 4, 0, (void *)&a, sizeof a)); hear(s, 24);
  show(recv(s, c, 8, MSG_ERRQUEUE));
  show(sendto(s, "six", 3, 0, (void *)&a, sizeof a));
  show(setsockopt(s, IPPROTO_IP, IP_RECVERR, &zero, 4)); hear(s, 256); show(events(s));
  show(recv(s, c, 8, MSG_DONTWAIT));
  setsockopt(s, IPPROTO_IP, IP_RECVERR, &one, 4);
  show(connect(s, (void *)&a, sizeof a)); show(send(s, "seven", 5, 0)); show(send(s, "eight", 5, 0)); hear(s, 256);
  s = socket(AF_INET6, SOCK_DGRAM, 0);
  show(setsockopt(s, IPPROTO_IPV6, 25 /* IPV6_RECVERR */, &one, 4));
  show(sendto(s, "six", 3, 0, (void *)&b, sizeof b)); show(events(s)); hear(s, 256);
  s = socket(AF_INET, SOCK_STREAM, 0); hear(s, 256);
}
