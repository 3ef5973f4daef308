// A script is run by its interpreter, with at most one argument and its own path.
#include "behaviour.h"

void behaviour(void) {
  char self[200] = "", text[300];
  readlink("/proc/self/exe", self, 199);
  snprintf(text, 300, "#! %s  args more words \n", self);
  put("script", text);
  chmod("script", 0755);
  char *argv[] = { "zero", "one", 0 };
  reap(child(execve("./script", argv, 0)));
  snprintf(text, 300, "#!%s args\n", self);
  put("script", text);
  reap(child(execve("./script", argv, 0)));
}
