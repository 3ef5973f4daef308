// pidfd_getfd takes a descriptor out of another process.
#include "behaviour.h"

void behaviour(void) {
  int p[2], go[2];
  pipe(go);
  pid_t pid = child(int q[2]; pipe(q); write(q[1], "inside", 6); dup2(q[0], 50); write(go[1], "x", 1); pause());
  char text[9] = "";
  read(go[0], text, 1);
  int fd = syscall(SYS_pidfd_open, pid, 0);
  p[0] = syscall(SYS_pidfd_getfd, fd, 50, 0);
  read(p[0], text, 8);
  say("%s\n", text);
  show(syscall(SYS_pidfd_getfd, fd, 51, 0));
  show(syscall(SYS_pidfd_getfd, fd, 50, 1));
  kill(pid, SIGKILL);
}
