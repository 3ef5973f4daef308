// recvmsg tells what a datagram's headers say; sendmsg and options of the socket choose it.
#include "behaviour.h"

static void hear(int s, int room) {
  char text[8], control[256];
  struct sockaddr_storage from;
  struct iovec v = { text, sizeof text };
  struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
  long count = recvmsg(s, &m, 0);
  say("%ld bytes, flags %x, control %d\n", count, m.msg_flags, (int)m.msg_controllen);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    say("  level %d type %d length %d:", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
    int length = c->cmsg_len - CMSG_LEN(0);
    if (c->cmsg_level == SOL_SOCKET) { say(" a time\n"); continue; }
    for (int i = 0; i < length; i++) say(" %02x", CMSG_DATA(c)[i]);
    say("\n");
  }
}

static void tell(int s, void *a, int size, int level, int type, void *data, int length) {
  char control[64] = "";
  struct iovec v = { "abc", 3 };
  struct msghdr m = { .msg_name = a, .msg_namelen = size, .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(length) };
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = level; c->cmsg_type = type; c->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(c), data, length);
  show(sendmsg(s, &m, 0));
}

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  struct sockaddr_in6 b = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  socklen_t size = sizeof a, size6 = sizeof b;
  int one = 1, v;
  int r = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0), r6 = socket(AF_INET6, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0);
  bind(r, (void *)&a, sizeof a); getsockname(r, (void *)&a, &size);
  bind(r6, (void *)&b, sizeof b); getsockname(r6, (void *)&b, &size6);
  show(setsockopt(r, IPPROTO_IP, IP_RECVTTL, &one, 4));
  show(setsockopt(r, IPPROTO_IP, IP_RECVTOS, &one, 4));
  show(setsockopt(r, IPPROTO_IP, IP_PKTINFO, &one, 4));
  show(sendto(s, "abc", 3, 0, (void *)&a, sizeof a));
  hear(r, 256);
  v = 7; show(setsockopt(s, IPPROTO_IP, IP_TTL, &v, 4));
  v = 0x10; show(setsockopt(s, IPPROTO_IP, IP_TOS, &v, 4));
  show(sendto(s, "abc", 3, 0, (void *)&a, sizeof a));
  hear(r, 256);
  v = 9; tell(s, &a, sizeof a, IPPROTO_IP, IP_TTL, &v, 4); hear(r, 256);
  v = 300; tell(s, &a, sizeof a, IPPROTO_IP, IP_TTL, &v, 4);
  v = 1; tell(s, &a, sizeof a, IPPROTO_IP, 99, &v, 4);
  v = 1; tell(s, &a, sizeof a, IPPROTO_TCP, 99, &v, 4); hear(r, 256);
  v = 0; show(setsockopt(s, IPPROTO_IP, IP_TTL, &v, 4));
  v = -1; show(setsockopt(s, IPPROTO_IP, IP_TTL, &v, 4));
  size = 4; getsockopt(s, IPPROTO_IP, IP_TTL, &v, &size); show(v);
  show(setsockopt(r6, IPPROTO_IPV6, 49 /* IPV6_RECVPKTINFO */, &one, 4));
  show(setsockopt(r6, IPPROTO_IPV6, 51 /* IPV6_RECVHOPLIMIT */, &one, 4));
  show(setsockopt(r6, IPPROTO_IPV6, 66 /* IPV6_RECVTCLASS */, &one, 4));
  show(setsockopt(r6, SOL_SOCKET, SO_TIMESTAMP, &one, 4));
  show(sendto(s6, "abc", 3, 0, (void *)&b, sizeof b));
  hear(r6, 256);
  v = 5; tell(s6, &b, sizeof b, IPPROTO_IPV6, 52 /* IPV6_HOPLIMIT */, &v, 4); hear(r6, 256);
  v = 99; tell(s6, &b, sizeof b, IPPROTO_IPV6, 67 /* IPV6_TCLASS */, &v, 4); hear(r6, 256);
  v = -2; tell(s6, &b, sizeof b, IPPROTO_IPV6, 67, &v, 4);
  v = 0; setsockopt(r6, SOL_SOCKET, SO_TIMESTAMP, &v, 4);
  v = 0; setsockopt(r6, IPPROTO_IPV6, 49, &v, 4);
  for (int room = 0; room <= 48; room += 3) { sendto(s6, "abc", 3, 0, (void *)&b, sizeof b); say("room %d: ", room); hear(r6, room); }
}
