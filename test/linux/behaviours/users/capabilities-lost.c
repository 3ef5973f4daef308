// Leaving root loses capabilities; keepcaps keeps the permitted ones.
#include "behaviour.h"

void behaviour(void) {
  say("%s\n", field("/proc/self/status", "CapEff"));
  reap(child(setresuid(1000, 1000, 1000); say("%s\n", field("/proc/self/status", "CapPrm"))));
  reap(child(prctl(PR_SET_KEEPCAPS, 1); setresuid(1000, 1000, 1000); say("%s ", field("/proc/self/status", "CapPrm")); say("%s\n", field("/proc/self/status", "CapEff"))));
  reap(child(seteuid(1000); say("%s ", field("/proc/self/status", "CapPrm")); say("%s ", field("/proc/self/status", "CapEff")); seteuid(0); say("%s\n", field("/proc/self/status", "CapEff"))));
}
