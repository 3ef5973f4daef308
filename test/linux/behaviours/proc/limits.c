// limits shows what setrlimit set.
#include "behaviour.h"

void behaviour(void) {
  char line[200];
  struct rlimit l = { 12, 34 };
  setrlimit(RLIMIT_NOFILE, &l);
  FILE *f = fopen("/proc/self/limits", "r");
  while (fgets(line, 200, f)) if (!strncmp(line, "Limit", 5) || !strncmp(line, "Max open", 8) || !strncmp(line, "Max core", 8)) say("%s", line);
}
