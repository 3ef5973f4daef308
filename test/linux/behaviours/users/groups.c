// Supplementary groups give access, and only root sets them.
#include "behaviour.h"
#include <grp.h>

void behaviour(void) {
  gid_t g[3] = { 7, 5, 9 }, got[9];
  put("f", "x"); chown("f", 0, 9); chmod("f", 0640);
  show(setgroups(3, g));
  show(getgroups(0, 0));
  show(getgroups(2, got));
  show(getgroups(9, got));
  say("%d %d %d\n", got[0], got[1], got[2]);
  setresuid(1000, 1000, 1000);
  show(open("f", O_RDONLY) > 0);
  show(setgroups(0, 0));
}
