// A set-user-id program runs as its owner, unless no-new-privs says no.
#include "behaviour.h"

void behaviour(void) {
  char text[65536];
  int from = open(PROGRAM, O_RDONLY), to = open("copy", O_CREAT | O_WRONLY, 0755);
  for (ssize_t n; (n = read(from, text, sizeof text)) > 0;) write(to, text, n);
  close(to);
  chown("copy", 2000, 3000);
  chmod("copy", 06755);
  char *argv[] = { "x", "ids", 0 };
  reap(child(become(1000); execv("./copy", argv)));
  reap(child(become(1000); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); execv("./copy", argv)));
}
