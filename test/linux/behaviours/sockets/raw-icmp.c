// Raw ICMP sockets: the kernel answers an echo; a receiver sees the header of IPv4 and not that of IPv6; filters, bound and connected ones.
#include "behaviour.h"
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

static unsigned short sum(unsigned char *p, int n) {
  unsigned total = 0;
  for (int i = 0; i < n; i += 2) total += p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return htons(~total);
}

static int echo(unsigned char *p, int type, int id, int seq, const char *text) {
  int n = 8 + strlen(text);
  memset(p, 0, 8);
  p[0] = type; p[4] = id >> 8; p[5] = id; p[6] = seq >> 8; p[7] = seq;
  memcpy(p + 8, text, strlen(text));
  unsigned short c = type == 8 ? sum(p, n) : 0;
  memcpy(p + 2, &c, 2);
  return n;
}

static void hear(int s, int six) {
  unsigned char p[2048];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  memset(&from, 0, sizeof from);
  int n = recvfrom(s, p, sizeof p, MSG_DONTWAIT, (void *)&from, &size);
  if (n < 0) { say("nothing: %s\n", errno_name(errno)); return; }
  unsigned char *b = p;
  say("%d bytes from family %d port %d, %d:", n, from.ss_family, ntohs(((struct sockaddr_in *)&from)->sin_port), size);
  if (!six) {
    struct iphdr *h = (void *)p;
    say(" [v%d ihl %d tos %x len %d ttl %d proto %d sum %d %x>%x]", h->version, h->ihl, h->tos, ntohs(h->tot_len), h->ttl, h->protocol, sum(p, 20), ntohl(h->saddr), ntohl(h->daddr));
    b += 20; n -= 20;
  }
  say(" type %d code %d id %d seq %d '%.*s'%s\n", b[0], b[1], b[4] << 8 | b[5], b[6] << 8 | b[7], n - 8, b + 8, six || sum(b, n) == 0 ? "" : " wrong sum");
}

void behaviour(void) {
  unsigned char p[256];
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } }, b = a, name;
  struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  socklen_t size = sizeof name;
  int s, t, v, one = 1;
  show(socket(AF_INET, SOCK_RAW, 0));
  show(socket(AF_INET, SOCK_RAW, -1));
  show(socket(AF_INET, SOCK_RAW, 1000));
  show(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
  reap(child(setuid(65534); show(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); show(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6))));
  ok(s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  getsockname(s, (void *)&name, &size); say("name %x %d\n", ntohl(name.sin_addr.s_addr), ntohs(name.sin_port));
  size = 4; getsockopt(s, SOL_SOCKET, SO_PROTOCOL, &v, &size); show(v);
  size = 4; getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &size); show(v);
  size = 4; getsockopt(s, IPPROTO_IP, IP_HDRINCL, &v, &size); show(v);
  show(send(s, p, echo(p, 8, 77, 1, "hello"), 0));
  show(listen(s, 1));
  show(sendto(s, p, echo(p, 8, 77, 1, "hello"), 0, (void *)&a, sizeof a));
  hear(s, 0); hear(s, 0); hear(s, 0);
  v = 0x10; setsockopt(s, IPPROTO_IP, IP_TOS, &v, 4);
  v = 9; setsockopt(s, IPPROTO_IP, IP_TTL, &v, 4);
  show(sendto(s, p, echo(p, 8, 77, 2, "tos"), 0, (void *)&a, sizeof a));
  hear(s, 0); hear(s, 0);
  show(sendto(s, p, 3, 0, (void *)&a, sizeof a)); hear(s, 0); hear(s, 0);
  echo(p, 8, 77, 3, "sum"); p[2] ^= 1; show(sendto(s, p, 11, 0, (void *)&a, sizeof a)); hear(s, 0); hear(s, 0);
  v = 1 << 8; show(setsockopt(s, 255, 1 /* ICMP_FILTER */, &v, 4));
  size = 4; show(getsockopt(s, 255, 1, &v, &size)); show(v);
  show(sendto(s, p, echo(p, 8, 77, 4, "filtered"), 0, (void *)&a, sizeof a)); hear(s, 0); hear(s, 0);
  b.sin_addr.s_addr = htonl(0x7f000002);
  t = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  show(bind(t, (void *)&b, sizeof b));
  size = sizeof name; getsockname(t, (void *)&name, &size); say("name %x %d\n", ntohl(name.sin_addr.s_addr), ntohs(name.sin_port));
  show(bind(t, (void *)&b, sizeof b));
  show(sendto(t, p, echo(p, 8, 77, 5, "bound"), 0, (void *)&a, sizeof a)); hear(t, 0); hear(t, 0); hear(s, 0); hear(s, 0);
  show(connect(t, (void *)&a, sizeof a));
  size = sizeof name; show(getpeername(t, (void *)&name, &size));
  show(send(t, p, echo(p, 8, 77, 6, "connected"), 0)); hear(t, 0); hear(t, 0);
  show(bind(t, (void *)&b, sizeof b));
  a.sin_port = htons(7); show(connect(t, (void *)&a, sizeof a));
  size = sizeof name; show(getpeername(t, (void *)&name, &size)); show(ntohs(name.sin_port));
  b.sin_addr.s_addr = htonl(0x01020304); show(bind(s, (void *)&b, sizeof b));
  close(s); close(t);
  ok(s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
  show(sendto(s, p, echo(p, 128, 77, 7, "six"), 0, (void *)&a6, sizeof a6)); hear(s, 1); hear(s, 1); hear(s, 1);
  v = 2; show(setsockopt(s, 255, 7 /* IPV6_CHECKSUM */, &v, 4)); show(setsockopt(s, IPPROTO_IPV6, 7, &v, 4));
  v = 3; show(setsockopt(s, 255, 7, &v, 4));
  show(setsockopt(s, IPPROTO_IPV6, 8 /* IPV6_2292HOPLIMIT */, &one, 4));
  show(sendto(s, p, echo(p, 128, 77, 9, "hops"), 0, (void *)&a6, sizeof a6)); hear(s, 1);
  char control[64];
  struct iovec text = { p, sizeof p };
  struct msghdr m = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  show(recvmsg(s, &m, 0)); show((int)m.msg_controllen); show(CMSG_FIRSTHDR(&m)->cmsg_type); show(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)));
  unsigned filter[8]; memset(filter, 255, sizeof filter); filter[129 >> 5] &= ~(1 << (129 & 31));
  show(setsockopt(s, IPPROTO_ICMPV6, 1 /* ICMP6_FILTER */, filter, sizeof filter));
  show(sendto(s, p, echo(p, 128, 77, 8, "only answers"), 0, (void *)&a6, sizeof a6)); hear(s, 1); hear(s, 1);
  a6.sin6_port = htons(5); show(sendto(s, p, 8, 0, (void *)&a6, sizeof a6));
  show(setsockopt(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP, IP_HDRINCL, &one, 4));
}
