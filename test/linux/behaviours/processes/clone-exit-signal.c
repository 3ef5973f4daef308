// The signal a child sends when it ends is the one that clone was told.
#include "behaviour.h"

static void got(int signal, siginfo_t *info, void *context) { say("%s code %d status %d\n", signal_name(signal), info->si_code == CLD_EXITED, info->si_status); }

void behaviour(void) {
  on_info(SIGUSR1, got, 0);
  pid_t pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
  if (pid == 0) { nap(10); _exit(4); }
  show(waitpid(pid, 0, 0));
  show(waitpid(pid, 0, __WCLONE) == pid);
}
