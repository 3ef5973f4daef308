// access asks with real ids, faccessat with effective ones if told.
#include "behaviour.h"

void behaviour(void) {
  put("f", "");
  chmod("f", 0600);
  show(access("f", R_OK | W_OK));
  show(access("f", X_OK));
  show(access("f", 8));
  show(access("missing", F_OK));
  setresuid(1000, 0, 0);
  show(access("f", R_OK));
  show(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS));
}
