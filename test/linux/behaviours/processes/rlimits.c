// setrlimit lowers, an ordinary user cannot raise the hard limit, and soft is at most hard.
#include "behaviour.h"

void behaviour(void) {
  struct rlimit l = { 10, 20 };
  show(setrlimit(RLIMIT_NOFILE, &l));
  show(dup2(0, 10));
  show(dup2(0, 9));
  l.rlim_cur = 30;
  show(setrlimit(RLIMIT_NOFILE, &l));
  become(1000);
  l.rlim_cur = 20; l.rlim_max = 40;
  show(setrlimit(RLIMIT_NOFILE, &l));
  show(setrlimit(99, &l));
  l.rlim_max = 20;
  show(setrlimit(RLIMIT_NOFILE, &l));
}
