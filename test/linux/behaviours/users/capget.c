// capget and capset tell and lower; raising is EPERM.
#include "behaviour.h"
#include <linux/capability.h>

void behaviour(void) {
  struct __user_cap_header_struct h = { 0, 0 };
  struct __user_cap_data_struct d[2];
  show(syscall(SYS_capget, &h, d));
  say("%x\n", h.version);
  show(syscall(SYS_capget, &h, d));
  say("%x %x %x\n", d[0].effective, d[0].permitted, d[0].inheritable);
  d[0].effective &= ~1; d[0].permitted &= ~1;
  show(syscall(SYS_capset, &h, d));
  show(chown(".", 1, 1));
  d[0].permitted |= 1;
  show(syscall(SYS_capset, &h, d));
  show(prctl(PR_CAPBSET_READ, 0));
  show(prctl(PR_CAPBSET_READ, 21));
  show(prctl(PR_CAPBSET_READ, 99));
}
