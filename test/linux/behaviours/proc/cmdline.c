// cmdline and environ hold what execve was given, each ended by a zero.
#include "behaviour.h"

void behaviour(void) {
  char text[200];
  int p[2];
  pipe(p);
  char *argv[] = { "zero", "sleep", "100", "", 0 }, *env[] = { "A=1", "B=2", 0 };
  pid_t pid = child(execve(PROGRAM, argv, env));
  until_asleep(pid);
  nap(30);
  for (int i = 0; i < 2; i++) {
    snprintf(text, 200, "/proc/%d/%s", pid, i ? "environ" : "cmdline");
    ssize_t n = read(open(text, O_RDONLY), text, 200);
    for (int k = 0; k < n; k++) say("%c", text[k] ? text[k] : '|');
    say("\n");
  }
}
