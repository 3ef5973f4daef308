// renameat2 exchanges names, or refuses to replace.
#include "behaviour.h"

void behaviour(void) {
  put("a", "1"); put("b", "2"); mkdir("d", 0755);
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1));
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2));
  cat("a");
  say("\n");
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "d", 2));
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "missing", 2));
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 3));
  show(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 64));
}
