// statx tells what it can, and its mask says what.
#include "behaviour.h"
#include <linux/stat.h>

void behaviour(void) {
  struct { unsigned mask, block; unsigned long attributes; unsigned links, uid, gid; unsigned short mode, pad; unsigned long ino, size; char rest[200]; } s;
  put("f", "123");
  show(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, &s));
  say("basic %d size %ld mode %o links %d\n", (s.mask & 0x7ff) == 0x7ff, s.size, s.mode, s.links);
  show(syscall(SYS_statx, AT_FDCWD, "missing", 0, 0x7ff, &s));
  show(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, 0x7ff, &s));
  show(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &s));
}
