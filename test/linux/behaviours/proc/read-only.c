// Files of /proc that only tell refuse writing and making.
#include "behaviour.h"

void behaviour(void) {
  show(open("/proc/self/status", O_RDONLY) > 0);
  show(open("/proc/new", O_CREAT | O_WRONLY, 0600));
  show(mkdir("/proc/new", 0700));
  show(open("/proc/4000000/stat", O_RDONLY));
  show(access("/proc/self/missing", F_OK));
  show(truncate("/proc/self", 0));
}
