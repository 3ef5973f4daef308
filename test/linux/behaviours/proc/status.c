// The lines of /proc/self/status that programs read.
#include "behaviour.h"

void behaviour(void) {
  const char *names[] = { "Tgid", "Uid", "Gid", "Threads", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapBnd", "State", "TracerPid", "Umask" };
  on(SIGUSR1, nothing, 0); on(SIGUSR2, SIG_IGN, 0);
  sigprocmask(SIG_BLOCK, signals(SIGTERM), 0);
  for (int i = 1; i < 14; i++) if (strcmp(names[i], "Seccomp")) say("%s: %s\n", names[i], field("/proc/self/status", names[i]));
  say("%d\n", atoi(field("/proc/self/status", "Tgid")) == getpid());
}
