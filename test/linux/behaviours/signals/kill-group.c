// kill(0) and kill(-group) reach every process of the group.
#include "behaviour.h"

void behaviour(void) {
  int p[2];
  pipe(p);
  on(SIGUSR1, SIG_IGN, 0);
  for (int i = 0; i < 3; i++) child(on(SIGUSR1, nothing, 0); sigprocmask(SIG_BLOCK, signals(SIGUSR1), 0); write(p[1], "x", 1); sigwaitinfo(signals(SIGUSR1), 0); write(p[1], "y", 1));
  char c[4] = "";
  for (int i = 0; i < 3; i++) read(p[0], c, 1);
  show(kill(0, SIGUSR1));
  for (int i = 0; i < 3; i++) { read(p[0], c, 1); say("%s\n", c); }
}
