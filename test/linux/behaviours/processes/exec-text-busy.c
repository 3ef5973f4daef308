// A file open for writing cannot be run, and a running one cannot be opened for writing.
#include "behaviour.h"

void behaviour(void) {
  char text[65536];
  int from = open(PROGRAM, O_RDONLY), to = open("copy", O_CREAT | O_WRONLY, 0755);
  for (ssize_t n; (n = read(from, text, sizeof text)) > 0;) write(to, text, n);
  char *argv[] = { "x", "sleep", "200", 0 };
  show(execv("copy", argv));
  close(to);
  pid_t pid = child(execv("copy", argv));
  until_asleep(pid);
  nap(20);
  show(open("copy", O_WRONLY));
  show(truncate("copy", 0));
  show(unlink("copy"));
  reap(pid);
}
