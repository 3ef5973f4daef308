// chroot moves the root; dot-dot ends there.
#include "behaviour.h"

void behaviour(void) {
  char path[99];
  mkdir("root", 0755);
  mkdir("root/inner", 0755);
  show(chroot("root"));
  show(chdir("/inner"));
  say("%s\n", getcwd(path, 99));
  show(chdir("../../.."));
  say("%s\n", getcwd(path, 99));
  show(access("/inner", F_OK));
  show(access("/tmp", F_OK));
  become(1000);
  show(chroot("/"));
}
