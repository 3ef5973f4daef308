// unlink leaves open files alone; folders need rmdir, and empty ones.
#include "behaviour.h"

void behaviour(void) {
  int fd = file("still");
  char text[9] = "";
  mkdir("d", 0755); put("d/x", "");
  show(unlink("file"));
  read(fd, text, 8);
  say("%s\n", text);
  show(unlink("file"));
  show(unlink("d"));
  show(rmdir("d"));
  show(unlinkat(AT_FDCWD, "d/x", AT_REMOVEDIR));
  show(unlink("d/x"));
  show(rmdir("d/."));
  show(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
  show(rmdir("/"));
}
