// Hard links share a file; links to folders and symbolic links have their rules.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  put("a", "x");
  symlink("a", "s");
  show(link("a", "b"));
  show(link("a", "b"));
  show(link(".", "c"));
  show(linkat(AT_FDCWD, "s", AT_FDCWD, "t", 0));
  lstat("t", &s);
  say("link %d\n", S_ISLNK(s.st_mode));
  show(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
  stat("a", &s);
  say("links %d\n", (int)s.st_nlink);
}
