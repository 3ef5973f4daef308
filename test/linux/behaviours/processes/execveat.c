// execveat runs a program by a descriptor, or beside a folder.
#include "behaviour.h"

void behaviour(void) {
  int fd = open(PROGRAM, O_RDONLY | O_CLOEXEC), folder = open("/proc/self", O_PATH);
  char *argv[] = { "x", "exit", "6", 0 };
  reap(child(syscall(SYS_execveat, fd, "", argv, 0, AT_EMPTY_PATH)));
  reap(child(syscall(SYS_execveat, folder, "exe", argv, 0, 0)));
  show(syscall(SYS_execveat, fd, "", argv, 0, 0));
  show(syscall(SYS_execveat, folder, "exe", argv, 0, AT_SYMLINK_NOFOLLOW));
  show(syscall(SYS_execveat, fd, "", argv, 0, 0x10));
}
