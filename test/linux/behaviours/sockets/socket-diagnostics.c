// NETLINK_SOCK_DIAG tells of all sockets as ss asks for them: states, queues, names, peers.
#include "behaviour.h"
#include <stdarg.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>
#include <linux/unix_diag.h>

static unsigned inodes[8];
static int count;

static int known(unsigned inode) {
  for (int i = 0; i < count; i++) if (inodes[i] == inode) return i;
  return -1;
}
static int note(int fd) {
  struct stat s;
  fstat(fd, &s);
  inodes[count++] = s.st_ino;
  return fd;
}

static char lines[8][400];
static void line(int i, const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  int n = strlen(lines[i]);
  vsnprintf(lines[i] + n, sizeof lines[i] - n, format, rest);
  va_end(rest);
}

static void inet(struct nlmsghdr *h) {
  struct inet_diag_msg *m = NLMSG_DATA(h);
  int i = known(m->idiag_inode);
  if (i < 0) return;
  int length = h->nlmsg_len - NLMSG_LENGTH(sizeof *m), shut = -1, six = -1;
  for (struct rtattr *a = (void *)(m + 1); RTA_OK(a, length); a = RTA_NEXT(a, length)) {
    if (a->rta_type == INET_DIAG_SHUTDOWN) shut = *(unsigned char *)RTA_DATA(a);
    if (a->rta_type == INET_DIAG_SKV6ONLY) six = *(unsigned char *)RTA_DATA(a);
  }
  line(i, "  socket %d: family %d state %d uid %d queues %d %d, %08x:%s > %08x:%s, shutdown %d, v6only %d\n", i, m->idiag_family, m->idiag_state, m->idiag_uid, m->idiag_rqueue, m->idiag_wqueue,
    ntohl(m->id.idiag_src[0]), m->id.idiag_sport ? "port" : "0", ntohl(m->id.idiag_dst[0]), m->id.idiag_dport ? "port" : "0", shut, six);
}

static void local(struct nlmsghdr *h) {
  struct unix_diag_msg *m = NLMSG_DATA(h);
  int i = known(m->udiag_ino);
  if (i < 0) return;
  line(i, "  socket %d: type %d state %d:", i, m->udiag_type, m->udiag_state);
  int length = h->nlmsg_len - NLMSG_LENGTH(sizeof *m);
  for (struct rtattr *a = (void *)(m + 1); RTA_OK(a, length); a = RTA_NEXT(a, length)) {
    unsigned *n = RTA_DATA(a);
    if (a->rta_type == UNIX_DIAG_NAME) line(i, " name %c%.*s", *(char *)n ? *(char *)n : '@', (int)RTA_PAYLOAD(a) - 1, (char *)n + 1);
    if (a->rta_type == UNIX_DIAG_PEER) line(i, " peer %d", known(*n));
    if (a->rta_type == UNIX_DIAG_RQLEN) line(i, " queues %d %d", n[0], n[1]);
    if (a->rta_type == UNIX_DIAG_SHUTDOWN) line(i, " shutdown %d", *(unsigned char *)n);
  }
  line(i, "\n");
}

static void ask(const char *what, void *request, int length, void (*tell)(struct nlmsghdr *)) {
  static char buffer[65536];
  struct { struct nlmsghdr h; char body[64]; } m = { { NLMSG_LENGTH(length), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 } };
  memcpy(m.body, request, length);
  int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), done = 0;
  say("%s: %d\n", what, (int)send(s, &m, m.h.nlmsg_len, 0) == m.h.nlmsg_len);
  while (!done) {
    int got = recv(s, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, got); h = NLMSG_NEXT(h, got)) {
      if (h->nlmsg_type == NLMSG_DONE) { done = 1; int error = *(int *)NLMSG_DATA(h); if (error) say("  done %s\n", errno_name(-error)); }
      else if (h->nlmsg_type == NLMSG_ERROR) { say("  error %s\n", errno_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error)); done = 1; }
      else tell(h);
    }
  }
  close(s);
  for (int i = 0; i < 8; i++) { say("%s", lines[i]); lines[i][0] = 0; }
}

void behaviour(void) {
  struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) } };
  struct sockaddr_in6 b = { .sin6_family = AF_INET6 };
  struct sockaddr_un u = { AF_UNIX, "\0diagnosed" };
  socklen_t size = sizeof a;
  int l = note(socket(AF_INET, SOCK_STREAM, 0)), c = note(socket(AF_INET, SOCK_STREAM, 0)), d = note(socket(AF_INET, SOCK_DGRAM, 0)), l6 = note(socket(AF_INET6, SOCK_STREAM, 0));
  bind(l, (void *)&a, sizeof a); listen(l, 5); getsockname(l, (void *)&a, &size);
  bind(d, (void *)&a, sizeof a); bind(l6, (void *)&b, sizeof b); listen(l6, 3);
  connect(c, (void *)&a, sizeof a); nap(20);
  struct inet_diag_req_v2 r = { AF_INET, IPPROTO_TCP, 0, 0, -1 };
  ask("tcp", &r, sizeof r, inet);
  r.idiag_states = 1 << 10; ask("listening", &r, sizeof r, inet);
  int t = note(accept(l, 0, 0)); write(c, "abc", 3); nap(20);
  r.idiag_states = ~(1 << 10); ask("connected", &r, sizeof r, inet);
  r.idiag_states = -1; r.sdiag_protocol = IPPROTO_UDP; ask("udp", &r, sizeof r, inet);
  r.sdiag_family = AF_INET6; r.sdiag_protocol = IPPROTO_TCP; ask("tcp6", &r, sizeof r, inet);
  r.sdiag_protocol = 200; ask("unknown protocol", &r, sizeof r, inet);
  r.sdiag_family = 200; ask("unknown family", &r, sizeof r, inet);
  close(l); close(c); close(d); close(l6); close(t);
  count = 0;
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair); note(pair[0]); note(pair[1]);
  int s = note(socket(AF_UNIX, SOCK_STREAM, 0)), p = note(socket(AF_UNIX, SOCK_STREAM, 0));
  bind(s, (void *)&u, 2 + 10); listen(s, 4); connect(p, (void *)&u, 2 + 10); shutdown(p, SHUT_RD);
  struct unix_diag_req q = { AF_UNIX, 0, 0, -1, 0, UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN };
  ask("unix", &q, sizeof q, local);
  note(accept(s, 0, 0));
  q.udiag_states = 1 << 1; q.udiag_show = UDIAG_SHOW_PEER; ask("unix connected", &q, sizeof q, local);
}
