// process_vm_readv and writev reach into another process.
#include "behaviour.h"

void behaviour(void) {
  static char here[8] = "abcdefg", there[8];
  pid_t pid = child(pause());
  memcpy(here, "changed", 7);
  struct iovec local = { there, 7 }, remote = { here, 7 }, bad = { (void *)8, 4 };
  show(syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0));
  say("%s\n", there);
  show(syscall(SYS_process_vm_readv, pid, &local, 1, &bad, 1, 0));
  show(syscall(SYS_process_vm_readv, 4000000, &local, 1, &remote, 1, 0));
  show(syscall(SYS_process_vm_writev, pid, &local, 1, &remote, 1, 1));
  kill(pid, SIGKILL);
}
