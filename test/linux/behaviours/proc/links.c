// exe, cwd and root are links.
#include "behaviour.h"

void behaviour(void) {
  char text[99] = "", here[99];
  show(readlink("/proc/self/root", text, 98));
  memset(text, 0, 99);
  readlink("/proc/self/cwd", text, 98);
  say("%d\n", !strcmp(text, getcwd(here, 99)));
  memset(text, 0, 99);
  readlink("/proc/self/exe", text, 98);
  say("%d\n", strrchr(text, '/') != 0);
  show(access("/proc/self/exe", X_OK));
}
