// execve closes the descriptors that say so, and no others.
#include "behaviour.h"

void behaviour(void) {
  for (int i = 0; i < 4; i++) open("/dev/null", i % 2 ? O_RDONLY : O_RDONLY | O_CLOEXEC);
  run("fds", 0);
}
