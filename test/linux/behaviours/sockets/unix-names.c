// A bound name is a file; connecting needs a listener.
#include "behaviour.h"

void behaviour(void) {
  struct sockaddr_un a = { AF_UNIX, "name" }, none = { AF_UNIX, "none" }, plain = { AF_UNIX, "plain" };
  struct stat s;
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  put("plain", "");
  show(bind(l, (void *)&a, sizeof a));
  show(bind(c, (void *)&a, sizeof a));
  stat("name", &s);
  say("%d\n", S_ISSOCK(s.st_mode));
  show(connect(c, (void *)&a, sizeof a));
  show(listen(l, 1));
  show(connect(c, (void *)&none, sizeof a));
  show(connect(c, (void *)&plain, sizeof a));
  show(connect(c, (void *)&a, sizeof a));
  show(connect(c, (void *)&a, sizeof a));
  show(accept(l, 0, 0) > 0);
  show(open("name", O_RDWR));
  show(connect(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)&a, sizeof a));
}
