// Ping sockets: the kernel chooses the identifier and the checksum, only echoes are sent, only their answers are heard.
#include "behaviour.h"

static char range[64];
static void groups(const char *text) {
  int f = open("/proc/sys/net/ipv4/ping_group_range", O_RDWR);
  if (!*range) read(f, range, 63);
  pwrite(f, text, strlen(text), 0);
  close(f);
}

static void hear(int s, int id) {
  unsigned char p[2048];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  int n = recvfrom(s, p, sizeof p, MSG_DONTWAIT, (void *)&from, &size);
  if (n < 0) { say("nothing: %s\n", errno_name(errno)); return; }
  say("%d bytes from family %d port %d: type %d code %d id %s seq %d '%.*s'\n", n, from.ss_family, ntohs(((struct sockaddr_in *)&from)->sin_port), p[0], p[1], (p[4] << 8 | p[5]) == id ? "own" : "other", p[6] << 8 | p[7], n - 8, p + 8);
}

void behaviour(void) {
  unsigned char p[64] = { 8, 0, 1, 2, 3, 4, 0, 1, 'a', 'b', 'c' };
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } }, name;
  struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT }, name6;
  socklen_t size = sizeof name;
  int s, t, id;
  groups("0 2147483647");
  show(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6));
  ok(s = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
  show(send(s, p, 11, 0));
  show(sendto(s, p, 11, 0, (void *)&a, sizeof a));
  getsockname(s, (void *)&name, &size); id = ntohs(name.sin_port);
  say("address %x, identifier %d\n", ntohl(name.sin_addr.s_addr), id != 0);
  hear(s, id); hear(s, id);
  show(sendto(s, p, 7, 0, (void *)&a, sizeof a));
  p[0] = 0; show(sendto(s, p, 11, 0, (void *)&a, sizeof a));
  p[0] = 8; p[1] = 1; show(sendto(s, p, 11, 0, (void *)&a, sizeof a));
  p[1] = 0; show(connect(s, (void *)&a, sizeof a)); show(send(s, p, 11, 0)); hear(s, id);
  show(bind(s, (void *)&a, sizeof a));
  t = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  a.sin_port = htons(id); show(bind(t, (void *)&a, sizeof a));
  a.sin_port = htons(id ^ 1); show(bind(t, (void *)&a, sizeof a));
  show(sendto(t, p, 11, 0, (void *)&a, sizeof a)); hear(s, id); hear(t, id ^ 1);
  p[0] = 128;
  ok(s = socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
  show(sendto(s, p, 11, 0, (void *)&a6, sizeof a6));
  size = sizeof name6; getsockname(s, (void *)&name6, &size); hear(s, ntohs(name6.sin6_port)); hear(s, 0);
  p[0] = 8; show(sendto(s, p, 11, 0, (void *)&a6, sizeof a6));
  groups(range);
}
