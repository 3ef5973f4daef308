// What a container's root may not do.
#include "behaviour.h"
#include <sys/mount.h>
#include <sys/reboot.h>

void behaviour(void) {
  show(mount("none", ".", "tmpfs", 0, 0));
  show(umount("/proc"));
  show(sethostname("x", 1));
  show(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x89abcdef, 0));
  show(unshare(CLONE_NEWNS));
  show(syscall(SYS_swapon, "x", 0));
  show(syscall(SYS_pivot_root, ".", "."));
  show(acct(0));
}
