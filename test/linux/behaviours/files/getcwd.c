// getcwd tells where one is, also when it has gone.
#include "behaviour.h"

void behaviour(void) {
  char path[99];
  mkdir("d", 0755);
  chdir("d");
  show(getcwd(path, 3) != 0);
  show(syscall(SYS_getcwd, path, 3));
  rmdir("../d");
  show(syscall(SYS_getcwd, path, 99));
  show(open("x", O_CREAT, 0600));
  show(chdir(".."));
  show(chdir("missing"));
}
