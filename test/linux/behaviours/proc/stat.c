// The fields of /proc/self/stat: name in parentheses, parent, group, session, threads.
#include "behaviour.h"

void behaviour(void) {
  char text[1024] = "", state;
  int pid, parent, group, session, tty;
  prctl(PR_SET_NAME, "a) (b");
  read(open("/proc/self/stat", O_RDONLY), text, 1023);
  say("%.*s\n", (int)(strrchr(text, ')') - strchr(text, '(')) + 1, strchr(text, '('));
  sscanf(text, "%d", &pid);
  sscanf(strrchr(text, ')') + 2, "%c %d %d %d %d", &state, &parent, &group, &session, &tty);
  say("%d %c %d %d %d %d\n", pid == getpid(), state, parent == getppid(), group == getpgrp(), session == getsid(0), tty);
  int fields = 0;
  for (char *p = strrchr(text, ')'); *p; p++) fields += *p == ' ';
  show(fields);
}
