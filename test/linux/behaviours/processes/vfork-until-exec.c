// vfork lets the parent go on once the child has executed another program.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  pipe2(p, O_CLOEXEC);
  if (vfork() == 0) { execl(PROGRAM, "x", "sleep", "50", (char *)0); _exit(1); }
  close(p[1]);
  char c;
  show(read(p[0], &c, 1));
  show(waitpid(-1, 0, WNOHANG));
}
