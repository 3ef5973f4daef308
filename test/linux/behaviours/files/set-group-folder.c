// Files made in a set-group-id folder take its group, folders its bit.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  mkdir("d", 0755); chown("d", 0, 1234); chmod("d", 02777);
  put("d/f", ""); mkdir("d/e", 0755);
  stat("d/f", &s); say("%d\n", s.st_gid);
  stat("d/e", &s); say("%d %o\n", s.st_gid, s.st_mode & 07777);
}
