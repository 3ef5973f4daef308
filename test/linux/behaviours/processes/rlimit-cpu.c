// RLIMIT_CPU sends SIGXCPU after its seconds.
#include "behaviour.h"

void behaviour(void) {
  struct rlimit l = { 1, 3 };
  setrlimit(RLIMIT_CPU, &l);
  pid_t pid = child(for (;;));
  reap(pid);
}
