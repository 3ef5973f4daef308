// oom_score_adj can be raised, up to a thousand.
#include "behaviour.h"

void behaviour(void) {
  cat("/proc/self/oom_score_adj");
  int fd = open("/proc/self/oom_score_adj", O_RDWR);
  show(write(fd, "500", 3));
  cat("/proc/self/oom_score_adj");
  show(write(fd, "1001", 4));
  show(write(fd, "x", 1));
}
