// A user may signal processes of the same real or saved id, and SIGCONT anyone of the session.
#include "behaviour.h"

void behaviour(void) {
  pid_t root = child(pause());
  reap(child(become(1000); pid_t own = child(pause()); show(kill(own, SIGTERM)); reap(own); show(kill(root, SIGTERM)); show(kill(root, SIGCONT))));
  kill(root, SIGKILL);
}
