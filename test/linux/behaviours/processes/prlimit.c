// prlimit reads and sets the limits of another process at once.
#include "behaviour.h"

void behaviour(void) {
  pid_t pid = child(pause());
  struct rlimit l = { 7, 9 }, old;
  show(prlimit(pid, RLIMIT_CORE, 0, &old));
  say("%ld %ld\n", (long)old.rlim_cur, (long)old.rlim_max);
  show(prlimit(pid, RLIMIT_NOFILE, &l, &old));
  say("%ld %ld\n", (long)old.rlim_cur, (long)old.rlim_max);
  prlimit(pid, RLIMIT_NOFILE, 0, &old);
  say("%ld %ld\n", (long)old.rlim_cur, (long)old.rlim_max);
  show(prlimit(4000000, RLIMIT_NOFILE, 0, &old));
  kill(pid, SIGKILL);
}
