// execve refuses a string of more than 32 pages.
#include "behaviour.h"

void behaviour(void) {
  char *big = malloc(140000), *argv[] = { "x", "exit", "5", big, 0 };
  memset(big, 'a', 139999);
  big[139999] = 0;
  show(execv(PROGRAM, argv));
  big[131071] = 0;
  reap(child(execv(PROGRAM, argv)));
}
