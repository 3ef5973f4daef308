// setpgid moves oneself and one's children, until they have executed a program.
#include "behaviour.h"

void behaviour(void) {
  pid_t a = child(pause()), b = child(pause());
  show(setpgid(a, a));
  show(setpgid(b, a));
  show(getpgid(b) == a);
  show(setpgid(b, 0));
  show(setpgid(a, 99999));
  show(setpgid(getppid(), 0));
  show(setpgid(a, -1));
  show(setpgid(0, 0));
  kill(a, SIGKILL);
  kill(b, SIGKILL);
  pid_t c = child(run("sleep", "300", 0));
  until_asleep(c);
  nap(50);
  show(setpgid(c, c));
  kill(c, SIGKILL);
}
