// inotify tells what happens in a folder, with names and cookies.
#include "behaviour.h"

void behaviour(void) {
  char room[1000];
  mkdir("d", 0755);
  int fd = inotify_init1(IN_NONBLOCK);
  show(inotify_add_watch(fd, "d", IN_ALL_EVENTS));
  put("d/a", "x");
  rename("d/a", "d/b");
  unlink("d/b");
  rmdir("d");
  unsigned cookie = 0;
  for (ssize_t n; (n = read(fd, room, 1000)) > 0;)
    for (char *at = room; at < room + n;) {
      struct inotify_event *e = (void *)at;
      say("%x %s%s\n", e->mask, e->len ? e->name : "", e->cookie ? e->cookie == cookie ? " same" : " first" : "");
      cookie = e->cookie;
      at += sizeof *e + e->len;
    }
  show(inotify_rm_watch(fd, 1));
}
