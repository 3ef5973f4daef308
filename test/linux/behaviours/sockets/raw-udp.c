// Raw sockets of UDP see the datagrams of others; what they send reaches the socket of its port, or is answered as unreachable; headers of one's own.
#include "behaviour.h"
#include <netinet/ip.h>

static void hear(int s, const char *who) {
  unsigned char p[2048];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  int n = recvfrom(s, p, sizeof p, MSG_DONTWAIT, (void *)&from, &size);
  if (n < 0) { say("%s: %s\n", who, errno_name(errno)); return; }
  say("%s: %d bytes from %x: ", who, n, ntohl(from.sin_addr.s_addr));
  if (!strcmp(who, "udp")) { say("port %s '%.*s'\n", ntohs(from.sin_port) == 4321 ? "4321" : "other", n, p); return; }
  struct iphdr *h = (void *)p;
  say("tos %x len %d ttl %d proto %d %x>%x ", h->tos, ntohs(h->tot_len), h->ttl, h->protocol, ntohl(h->saddr), ntohl(h->daddr));
  if (h->protocol == 1) say("type %d code %d of %d '%.*s'\n", p[20], p[21], p[28 + 9], n - 56, p + 56);
  else say("length %d '%.*s'\n", p[24] << 8 | p[25], n - 28, p + 28);
}

static int datagram(unsigned char *p, int from, int to, const char *text) {
  int n = 8 + strlen(text);
  unsigned char h[8] = { from >> 8, from, to >> 8, to, n >> 8, n, 0, 0 };
  memcpy(p, h, 8); memcpy(p + 8, text, strlen(text));
  return n;
}

void behaviour(void) {
  unsigned char p[256];
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } }, to;
  socklen_t size = sizeof a;
  int v, one = 1;
  int s = socket(AF_INET, SOCK_DGRAM, 0), u = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), i = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), w = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), c = socket(AF_INET, SOCK_DGRAM, 0);
  bind(s, (void *)&a, sizeof a); getsockname(s, (void *)&a, &size);
  int port = ntohs(a.sin_port);
  to = a; to.sin_port = 0;
  v = 1; setsockopt(i, 255, 1, &(int){ ~(1 << 3) }, 4);
  show(sendto(c, "plain", 5, 0, (void *)&a, sizeof a)); hear(s, "udp"); hear(u, "raw");
  show(sendto(u, p, datagram(p, 4321, port, "from raw"), 0, (void *)&to, sizeof to)); hear(s, "udp"); hear(u, "raw");
  show(sendto(u, p, datagram(p, 4321, 9, "nobody"), 0, (void *)&to, sizeof to)); hear(u, "raw"); hear(i, "icmp");
  show(sendto(u, p, 4, 0, (void *)&to, sizeof to)); hear(s, "udp"); hear(i, "icmp");
  a.sin_port = htons(9); show(sendto(c, "lost", 4, 0, (void *)&a, sizeof a)); hear(u, "raw"); hear(i, "icmp");
  show(setsockopt(u, IPPROTO_IP, IP_HDRINCL, &one, 4));
  size = 4; getsockopt(u, IPPROTO_IP, IP_HDRINCL, &v, &size); show(v);
  struct iphdr h = { .version = 4, .ihl = 5, .tos = 4, .ttl = 33, .protocol = IPPROTO_UDP, .saddr = htonl(0x7f000009), .daddr = to.sin_addr.s_addr };
  memcpy(p, &h, 20);
  show(sendto(u, p, 20 + datagram(p + 20, 4321, port, "own header"), 0, (void *)&to, sizeof to)); hear(s, "udp"); hear(u, "raw");
  h.saddr = 0; memcpy(p, &h, 20);
  show(sendto(u, p, 20 + datagram(p + 20, 4321, port, "no source"), 0, (void *)&to, sizeof to)); hear(s, "udp"); hear(u, "raw");
  show(sendto(u, p, 19, 0, (void *)&to, sizeof to));
  show(sendto(u, p, 20, 0, (void *)&to, sizeof to)); hear(u, "raw");
  size = 4; getsockopt(w, IPPROTO_IP, IP_HDRINCL, &v, &size); show(v);
  memcpy(p, &h, 20);
  show(sendto(w, p, 20 + datagram(p + 20, 4321, port, "by raw"), 0, (void *)&to, sizeof to)); hear(w, "w"); hear(s, "udp");
  h.protocol = 255; memcpy(p, &h, 20);
  show(sendto(w, p, 20 + datagram(p + 20, 4321, port, "to raw"), 0, (void *)&to, sizeof to)); hear(w, "w");
  h.protocol = 200; memcpy(p, &h, 20);
  show(sendto(w, p, 30, 0, (void *)&to, sizeof to)); hear(i, "icmp");
}
