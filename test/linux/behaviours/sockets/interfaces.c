// The loopback interface has an index, a name, an address and is up.
#include "behaviour.h"
#include <net/if.h>

void behaviour(void) {
  struct ifreq r = { "lo" };
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  show(if_nametoindex("lo"));
  show(ioctl(s, SIOCGIFFLAGS, &r));
  say("up %d loopback %d\n", (r.ifr_flags & IFF_UP) != 0, (r.ifr_flags & IFF_LOOPBACK) != 0);
  show(ioctl(s, SIOCGIFADDR, &r));
  say("%s\n", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
  strcpy(r.ifr_name, "none");
  show(ioctl(s, SIOCGIFFLAGS, &r));
}
