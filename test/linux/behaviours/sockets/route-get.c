// RTM_GETROUTE of one address on the loopback: the local table's answer; requests that are cut short and links that are not there.
#include "behaviour.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static void ask(int type, int flags, void *body, int length) {
  static char buffer[8192];
  struct { struct nlmsghdr h; char body[128]; } m = { { NLMSG_LENGTH(length), type, NLM_F_REQUEST | flags, 7, 0 } };
  memcpy(m.body, body, length);
  int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  send(s, &m, m.h.nlmsg_len, 0);
  for (;;) {
    int got = recv(s, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) break;
    for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, got); h = NLMSG_NEXT(h, got)) {
      say("  type %d flags %x sequence %d", h->nlmsg_type, h->nlmsg_flags & ~0x100, h->nlmsg_seq);
      if (h->nlmsg_type == NLMSG_ERROR) say(" %s", errno_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error));
      if (h->nlmsg_type == RTM_NEWLINK) say(" link %d", ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index);
      if (h->nlmsg_type == RTM_NEWROUTE) {
        struct rtmsg *r = NLMSG_DATA(h);
        say(" family %d to %d from %d tos %d table %d protocol %d scope %d type %d flags %x:", r->rtm_family, r->rtm_dst_len, r->rtm_src_len, r->rtm_tos, r->rtm_table, r->rtm_protocol, r->rtm_scope, r->rtm_type, r->rtm_flags);
        int length = RTM_PAYLOAD(h);
        for (struct rtattr *a = RTM_RTA(r); RTA_OK(a, length); a = RTA_NEXT(a, length)) {
          unsigned *n = RTA_DATA(a);
          if (a->rta_type == RTA_DST || a->rta_type == RTA_PREFSRC) say(" %d:%x", a->rta_type, ntohl(*n));
          if (a->rta_type == RTA_OIF || a->rta_type == RTA_TABLE) say(" %d:%d", a->rta_type, *n);
        }
      }
      say("\n");
    }
  }
  close(s);
}

void behaviour(void) {
  struct { struct rtmsg m; struct rtattr a; unsigned address; } r = { { .rtm_family = AF_INET, .rtm_dst_len = 32 }, { 8, RTA_DST }, htonl(0x7f000001) };
  say("127.0.0.1\n"); ask(RTM_GETROUTE, 0, &r, sizeof r);
  r.address = htonl(0x7f010203); say("127.1.2.3\n"); ask(RTM_GETROUTE, NLM_F_ACK, &r, sizeof r);
  say("too short\n"); ask(RTM_GETROUTE, 0, &r, 4);
  struct ifinfomsg l = { .ifi_index = 1 };
  say("link\n"); ask(RTM_GETLINK, 0, &l, sizeof l);
  l.ifi_index = 12345; say("no link\n"); ask(RTM_GETLINK, 0, &l, sizeof l);
}
