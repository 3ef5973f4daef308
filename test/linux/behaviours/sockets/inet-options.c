// Options of internet sockets: their defaults, and what setting them leaves.
#include "behaviour.h"

static void get(const char *name, int s, int level, int option) {
  int v[2] = { -1, -1 };
  socklen_t size = sizeof v;
  int r = getsockopt(s, level, option, v, &size);
  say("%s: %s %d", name, r ? errno_name(errno) : "ok", (int)size);
  for (int i = 0; r == 0 && i < (int)size / 4; i++) say(" %d", v[i]);
  say("\n");
}

#define GET(s, level, option) get(#option, s, level, option)

void behaviour(void) {
  int s = socket(AF_INET6, SOCK_STREAM, 0), d = socket(AF_INET6, SOCK_DGRAM, 0), v;
  struct linger l = { 1, 5 };
  GET(s, SOL_SOCKET, SO_LINGER);
  show(setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l));
  GET(s, SOL_SOCKET, SO_LINGER);
  show(setsockopt(s, SOL_SOCKET, SO_LINGER, &l, 4));
  GET(s, SOL_SOCKET, SO_RCVLOWAT);
  v = 0; setsockopt(s, SOL_SOCKET, SO_RCVLOWAT, &v, 4);
  GET(s, SOL_SOCKET, SO_RCVLOWAT);
  GET(s, SOL_SOCKET, SO_SNDLOWAT);
  show(setsockopt(s, SOL_SOCKET, SO_SNDLOWAT, &v, 4));
  v = 5000; show(setsockopt(s, SOL_SOCKET, SO_RCVBUF, &v, 4));
  GET(s, SOL_SOCKET, SO_RCVBUF);
  v = 1; show(setsockopt(s, SOL_SOCKET, SO_RCVBUF, &v, 4));
  GET(s, SOL_SOCKET, SO_RCVBUF);
  GET(s, SOL_SOCKET, SO_PROTOCOL);
  GET(d, SOL_SOCKET, SO_PROTOCOL);
  GET(s, IPPROTO_IP, IP_TTL);
  GET(s, IPPROTO_IP, IP_TOS);
  GET(s, IPPROTO_IP, IP_MULTICAST_TTL);
  GET(s, IPPROTO_IP, IP_MULTICAST_LOOP);
  GET(s, IPPROTO_IPV6, 16 /* IPV6_UNICAST_HOPS */);
  GET(d, IPPROTO_IPV6, 67 /* IPV6_TCLASS */);
  GET(d, IPPROTO_IPV6, 18 /* IPV6_MULTICAST_HOPS */);
  GET(d, IPPROTO_IPV6, 51 /* IPV6_RECVHOPLIMIT */);
  v = 256; show(setsockopt(d, IPPROTO_IPV6, 16, &v, 4));
  v = -1; show(setsockopt(d, IPPROTO_IPV6, 16, &v, 4));
  v = 256; show(setsockopt(d, IPPROTO_IPV6, 67, &v, 4));
  v = 44; show(setsockopt(d, IPPROTO_IPV6, 67, &v, 4));
  GET(d, IPPROTO_IPV6, 67 /* IPV6_TCLASS */);
  v = 1; show(setsockopt(d, SOL_SOCKET, SO_TIMESTAMPNS, &v, 4));
  GET(d, SOL_SOCKET, SO_TIMESTAMP);
  GET(d, SOL_SOCKET, SO_TIMESTAMPNS);
  GET(s, 136, 10);
}
