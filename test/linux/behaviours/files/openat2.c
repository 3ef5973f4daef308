// openat2 stays beneath, in a root, or away from links, as it is told.
#include "behaviour.h"
#include <linux/openat2.h>

void behaviour(void) {
  mkdir("d", 0755); put("d/f", "x"); put("out", "y"); symlink("../out", "d/up"); symlink("/f", "d/root"); symlink("f", "d/l");
  int d = open("d", O_PATH);
  struct open_how h = { .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };
  show(syscall(SYS_openat2, d, "f", &h, sizeof h) > 0);
  show(syscall(SYS_openat2, d, "up", &h, sizeof h));
  show(syscall(SYS_openat2, d, "../out", &h, sizeof h));
  show(syscall(SYS_openat2, d, "/f", &h, sizeof h));
  h.resolve = RESOLVE_IN_ROOT;
  show(syscall(SYS_openat2, d, "root", &h, sizeof h) > 0);
  show(syscall(SYS_openat2, d, "up", &h, sizeof h));
  h.resolve = RESOLVE_NO_SYMLINKS;
  show(syscall(SYS_openat2, d, "l", &h, sizeof h));
  h.resolve = RESOLVE_NO_XDEV;
  show(syscall(SYS_openat2, AT_FDCWD, "/proc/version", &h, sizeof h));
  h.resolve = 0; h.mode = 0600;
  show(syscall(SYS_openat2, d, "f", &h, sizeof h));
  h.mode = 0; h.flags = 1ul << 40;
  show(syscall(SYS_openat2, d, "f", &h, sizeof h));
  show(syscall(SYS_openat2, d, "f", &h, 8));
}
