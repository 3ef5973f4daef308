// The default of each signal ends, stops or is ignored.
#include "behaviour.h"

void behaviour(void) {
  for (int n = 1; n < 32; n++) {
    if (n == SIGCONT) continue;
    pid_t pid = child(raise(n); _exit(0));
    int status;
    waitpid(pid, &status, WUNTRACED);
    say("%s: %s\n", signal_name(n), WIFSTOPPED(status) ? "stops" : WIFSIGNALED(status) ? "ends" : "is ignored");
    if (WIFSTOPPED(status)) { kill(pid, SIGKILL); waitpid(pid, 0, 0); }
  }
}
